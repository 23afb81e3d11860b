"""The watchword command: turns words typed in a terminal into a running service or an answer."""
