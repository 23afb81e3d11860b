"""What a customer sees: entry page, help and this-wasn't-me, rendered on the server and working without scripts."""
