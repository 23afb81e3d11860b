"""A small store that uses Watchword as any customer would: through the public client, over HTTP, and nothing else."""
