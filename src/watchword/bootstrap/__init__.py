"""The only place that knows concrete adapters: makes a running service out of settings."""
