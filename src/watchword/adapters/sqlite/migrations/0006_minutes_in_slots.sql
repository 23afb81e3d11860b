-- Guesses per minute are counted in slots, for which one writing process has no use: on PostgreSQL each connection has one
-- of its own, so that they do not wait for each other's commit.
CREATE TABLE minutes_in_slots (
    application_id TEXT NOT NULL,
    minute INTEGER NOT NULL,
    slot INTEGER NOT NULL DEFAULT 0,
    compared INTEGER NOT NULL,
    wrong INTEGER NOT NULL,
    PRIMARY KEY (application_id, minute, slot),
    CHECK (wrong BETWEEN 0 AND compared)
) STRICT, WITHOUT ROWID;
INSERT INTO minutes_in_slots (application_id, minute, compared, wrong)
SELECT application_id, minute, compared, wrong FROM attempt_minutes;
DROP TABLE attempt_minutes;
ALTER TABLE minutes_in_slots RENAME TO attempt_minutes;
