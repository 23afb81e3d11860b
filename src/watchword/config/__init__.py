"""Settings and declared applications; the only reader of the environment and of watchword.toml."""
