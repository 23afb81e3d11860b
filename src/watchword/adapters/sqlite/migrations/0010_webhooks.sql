-- What applications are told.

-- Servers of applications; each has read the audit log up to its cursor. One that is disabled reads no further.
CREATE TABLE webhook_endpoints (
    application_id TEXT NOT NULL,
    name TEXT NOT NULL,
    cursor INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    disabled_at INTEGER,
    disabled_reason TEXT,
    PRIMARY KEY (application_id, name),
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
) STRICT, WITHOUT ROWID;

-- One row for each event that one server is told. Its claims name the lease; due_at of a leased one is the lease's end,
-- and of one that is over there is none.
CREATE TABLE webhook_messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    application_id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    event_id TEXT NOT NULL,
    type TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'leased', 'delivered', 'dead')),
    claims INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER,
    created_at INTEGER NOT NULL,
    done_at INTEGER,
    UNIQUE (application_id, endpoint, event_id),
    CHECK ((due_at IS NULL) = (state IN ('delivered', 'dead'))),
    CHECK ((due_at IS NULL) = (done_at IS NOT NULL))
) STRICT;
CREATE INDEX webhook_messages_due ON webhook_messages (application_id, endpoint, due_at, number) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_messages_dead ON webhook_messages (application_id, endpoint, number) WHERE state = 'dead';
CREATE INDEX webhook_messages_done ON webhook_messages (done_at) WHERE done_at IS NOT NULL;

-- What each call came to: a status, or a word that says why there was none.
CREATE TABLE webhook_attempts (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    application_id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    event_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    status INTEGER,
    error TEXT,
    took_ms INTEGER NOT NULL,
    CHECK ((status IS NULL) = (error IS NOT NULL))
) STRICT;
CREATE INDEX webhook_attempts_of_message ON webhook_attempts (application_id, endpoint, event_id, number);
CREATE INDEX webhook_attempts_of_endpoint ON webhook_attempts (application_id, endpoint, number);
CREATE INDEX webhook_attempts_by_age ON webhook_attempts (at);
