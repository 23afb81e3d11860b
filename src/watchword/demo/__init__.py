"""A small store that uses Watchword as any customer would: through the public client, over HTTP, and nothing else."""

from watchword.demo.storefront import create_store

__all__ = ["create_store"]
