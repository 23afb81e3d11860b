"""The promises the story relies on: what each outside thing does, what is atomic and what may fail; no fact about any product."""
