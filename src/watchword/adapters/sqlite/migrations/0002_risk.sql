-- What is learned: the memory of each user, what each action would teach, and what the traffic of an application is like.

-- What an action would teach, kept for 30 days so that it can be taken back; the number is that of its action. It waits
-- until its challenge is approved, and for good where its device is reported. Apart from the actions, whose rows are long.
CREATE TABLE contributions (
    number INTEGER PRIMARY KEY REFERENCES actions (number),
    application_id TEXT NOT NULL,
    user_key BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'provisional', 'proven', 'taken_back')),
    -- The action whose label took it back, so that another label gives it back; NULL where the owner said so, for good.
    taken_back_by TEXT,
    sealed_contribution BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    CHECK (state = 'taken_back' OR taken_back_by IS NULL)
) STRICT;
CREATE INDEX contributions_of_user ON contributions (application_id, user_key, state, created_at);

-- At most 1,200 bytes of hashed values that fade. due_at is when the oldest provisional contribution comes to count in full.
CREATE TABLE memories (
    application_id TEXT NOT NULL,
    user_key BLOB NOT NULL,
    sealed_memory BLOB NOT NULL,
    due_at INTEGER,
    PRIMARY KEY (application_id, user_key),
    FOREIGN KEY (application_id, user_key) REFERENCES users (application_id, user_key)
) STRICT;

-- When a password reset or account update was last approved, or the contacts last changed.
ALTER TABLE users ADD COLUMN changed_at INTEGER;
UPDATE users SET changed_at = reset_at WHERE reset_at IS NOT NULL;

-- Since when an action of this device is labelled as fraud: it teaches nothing any more but by a proof.
ALTER TABLE devices ADD COLUMN reported_at INTEGER;

-- The action that a country was first noted for; NULL for what was noted before there were memories.
ALTER TABLE places ADD COLUMN first_by TEXT;

-- Every decision asks for the purchases that were allowed since the last proof, and most actions are none.
CREATE INDEX actions_bought ON actions (application_id, user_key, number) WHERE type = 'purchase' AND decision = 'allow';

-- Counters that every process adds to; the first byte of a key names its table, the rest are hashed values and nobody.
CREATE TABLE population (
    application_id TEXT NOT NULL,
    key BLOB NOT NULL CHECK (length(key) BETWEEN 1 AND 40),
    weight REAL NOT NULL,
    PRIMARY KEY (application_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX population_lightest ON population (application_id, substr(key, 1, 1), weight);

-- How many keys each table of counters holds, so that none has to be counted to be kept small.
CREATE TABLE population_sizes (
    application_id TEXT NOT NULL,
    first_byte BLOB NOT NULL,
    size INTEGER NOT NULL CHECK (size >= 0),
    PRIMARY KEY (application_id, first_byte)
) STRICT, WITHOUT ROWID;

-- Policies as they were applied; the newest of an application is the one that decides.
CREATE TABLE policies (
    number INTEGER PRIMARY KEY,
    application_id TEXT NOT NULL,
    version TEXT NOT NULL,
    text TEXT NOT NULL,
    applied_at INTEGER NOT NULL,
    applied_by TEXT NOT NULL,
    why TEXT NOT NULL
) STRICT;
CREATE INDEX policies_of_application ON policies (application_id, number);
