-- Each index that is ordered by something random costs a page of the log, and later one of the file, for every row. These
-- led nowhere that another does not lead to.

-- Nobody looks for an event by its id, whose 128 random bits need nothing to be unique.
DROP VIEW settled_events;
CREATE TABLE events_in_order (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    application_id TEXT NOT NULL,
    user_key BLOB NOT NULL,
    at INTEGER NOT NULL,
    data TEXT NOT NULL
) STRICT;
INSERT INTO events_in_order SELECT number, id, type, application_id, user_key, at, data FROM events ORDER BY number;
-- Numbers go on from the highest there ever was, forgotten ones included.
DELETE FROM sqlite_sequence WHERE name = 'events_in_order';
INSERT INTO sqlite_sequence SELECT 'events_in_order', seq FROM sqlite_sequence WHERE name = 'events';
DROP TABLE events;
ALTER TABLE events_in_order RENAME TO events;
CREATE INDEX events_of_application ON events (application_id, number);
CREATE VIEW settled_events AS SELECT * FROM events;

-- A grant is looked for by its id, which begins with its user's key, by its action, or among those of its user. There is
-- one for an action and one challenge for an action, so that its challenge needs no index to have but one.
CREATE TABLE grants_of_users (
    application_id TEXT NOT NULL,
    user_key BLOB NOT NULL,
    id TEXT NOT NULL,
    action_id TEXT NOT NULL UNIQUE REFERENCES actions (id),
    challenge_id TEXT,
    bound_digest TEXT NOT NULL,
    assurance TEXT NOT NULL,
    methods TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('issued', 'redeemed', 'revoked')),
    redeemed_at INTEGER,
    PRIMARY KEY (user_key, id),
    CHECK ((state = 'redeemed') = (redeemed_at IS NOT NULL))
) STRICT;
INSERT INTO grants_of_users
SELECT application_id, user_key, id, action_id, challenge_id, bound_digest, assurance, methods, issued_at, expires_at,
    state, redeemed_at
FROM grants ORDER BY rowid;
DROP TABLE grants;
ALTER TABLE grants_of_users RENAME TO grants;

-- Only what counts provisionally is looked for by user and time: what an approval proved was never that.
DROP INDEX contributions_of_user;
CREATE INDEX contributions_provisional ON contributions (application_id, user_key, created_at)
WHERE state = 'provisional';

-- A pending challenge is not older than a challenge can live, and found among the newest of its user.
DROP INDEX challenges_pending;
