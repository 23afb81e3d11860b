"""The nouns of verification as plain values; they know no clock, no randomness, no storage and no network."""
