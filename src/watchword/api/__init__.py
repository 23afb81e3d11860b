"""The JSON interface for applications: parses requests, calls the story and writes answers."""
