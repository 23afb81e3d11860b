"""An installation that only serves has neither the client nor the needs of the demo store."""

import subprocess
import sys

import pytest

WITHOUT = """
import sys
sys.modules[{missing!r}] = None  # as Python remembers what it cannot find
from watchword.cli import main
sys.exit(main({arguments!r}))
"""


def _run(missing: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = WITHOUT.format(missing=missing, arguments=list(arguments))
    return subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("missing", ["watchword_client", "zxcvbn"])
def test_a_server_does_without_them(missing: str) -> None:
    assert _run(missing, "serve", "--help").returncode == 0


@pytest.mark.parametrize(("missing", "command"), [("watchword_client", "tour"), ("zxcvbn", "demo")])
def test_says_what_to_install(missing: str, command: str) -> None:
    refused = _run(missing, command)
    assert (refused.returncode, refused.stdout) == (1, "")
    first, second = refused.stderr.splitlines()
    assert first == f"error: demo and tour need {missing}, which is not installed"
    assert second.startswith("hint: pip install")
