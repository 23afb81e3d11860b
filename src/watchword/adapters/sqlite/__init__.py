"""The store in one SQLite file: group commit, numbered migrations, and one file of rows for each subject."""
