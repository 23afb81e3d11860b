"""Lets ``python -m watchword.cli`` stand for the command ``watchword``."""

import sys

from watchword.cli.command_line import main

if __name__ == "__main__":
    sys.exit(main())
