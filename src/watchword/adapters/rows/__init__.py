"""The store as rows: every operation in SQL that SQLite and PostgreSQL both understand, whatever carries it out."""
