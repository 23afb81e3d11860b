-- What processes tell each other of the traffic. A file has one process that serves; it is here so that both kinds of
-- store keep the same promise.
CREATE TABLE hearsay (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    application_id TEXT NOT NULL,
    teller BLOB NOT NULL,
    told_at INTEGER NOT NULL,
    words BLOB NOT NULL
) STRICT;
CREATE INDEX hearsay_by_time ON hearsay (told_at);
