"""The version of this client, the one place where it is written."""

VERSION = "0.1.0.dev0"
