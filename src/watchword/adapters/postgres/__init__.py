"""The store on a PostgreSQL server, for many equal processes."""
