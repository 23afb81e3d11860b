-- Everything there is in version 1. Times are milliseconds since 1970 in UTC; a column named sealed_… holds AES-GCM text.

-- The highest time that was ever committed: the store never goes back below it, restarts included.
CREATE TABLE clock (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    highest INTEGER NOT NULL
) STRICT;
INSERT INTO clock (one, highest) VALUES (1, 0);

-- A row without sealed_person is the tombstone of an erased user.
CREATE TABLE users (
    application_id TEXT NOT NULL,
    user_key BLOB NOT NULL CHECK (length(user_key) = 8),
    sealed_person BLOB,
    created_at INTEGER NOT NULL,
    had_contact INTEGER NOT NULL CHECK (had_contact IN (0, 1)),
    erased_at INTEGER,
    disputed_at INTEGER,
    locked_until INTEGER,
    last_seen_at INTEGER,
    -- The number of the newest action when a challenge was last approved: later purchases add up.
    proven_through INTEGER NOT NULL DEFAULT 0,
    reset_at INTEGER,
    reset_contact_id TEXT,
    PRIMARY KEY (application_id, user_key),
    CHECK ((sealed_person IS NULL) = (erased_at IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- A contact that left stays for 30 days: its last notices go out, and a dispute can bring it back.
CREATE TABLE contacts (
    application_id TEXT NOT NULL,
    user_key BLOB NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('phone', 'email')),
    sealed_address BLOB NOT NULL,
    address_hash BLOB NOT NULL,
    added_at INTEGER NOT NULL,
    usable_from INTEGER NOT NULL,
    leaves_at INTEGER,
    confirmed_at INTEGER,
    last_proven_at INTEGER,
    preferred INTEGER NOT NULL CHECK (preferred IN (0, 1)),
    disabled_at INTEGER,
    bounced_at INTEGER,
    -- The action whose grant added or removed it.
    added_by TEXT,
    removed_by TEXT,
    -- The change without a grant that added or removed it.
    added_in TEXT,
    removed_in TEXT,
    PRIMARY KEY (application_id, user_key, id),
    FOREIGN KEY (application_id, user_key) REFERENCES users (application_id, user_key)
) STRICT;
CREATE UNIQUE INDEX contacts_listed_once ON contacts (application_id, user_key, address_hash) WHERE leaves_at IS NULL;
CREATE INDEX contacts_left ON contacts (leaves_at) WHERE leaves_at IS NOT NULL;

CREATE TABLE devices (
    application_id TEXT NOT NULL,
    user_key BLOB NOT NULL,
    id TEXT NOT NULL,
    sealed_name BLOB NOT NULL,
    step INTEGER NOT NULL CHECK (step >= 0),
    stepped_at INTEGER NOT NULL,
    first_seen_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    last_proven_at INTEGER NOT NULL,
    trusted_at INTEGER,
    revoked_at INTEGER,
    -- The actions whose approval made it known and trusted.
    made_by TEXT NOT NULL,
    trusted_by TEXT,
    PRIMARY KEY (application_id, user_key, id)
) STRICT;
CREATE INDEX devices_revoked ON devices (revoked_at) WHERE revoked_at IS NOT NULL;

-- Countries in which an action was approved or allowed.
CREATE TABLE places (
    application_id TEXT NOT NULL,
    user_key BLOB NOT NULL,
    country TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (application_id, user_key, country)
) STRICT, WITHOUT ROWID;

-- An action without sealed_action belonged to a user who was erased.
CREATE TABLE actions (
    number INTEGER PRIMARY KEY,
    application_id TEXT NOT NULL,
    user_key BLOB NOT NULL,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    decision TEXT NOT NULL CHECK (decision IN ('allow', 'challenge', 'deny')),
    lane TEXT NOT NULL CHECK (lane IN ('own', 'open')),
    country TEXT,
    device_id TEXT,
    sealed_action BLOB,
    sealed_assessment BLOB,
    created_at INTEGER NOT NULL,
    retry_at INTEGER,
    label TEXT,
    disputed_at INTEGER
) STRICT;
CREATE INDEX actions_of_user ON actions (application_id, user_key, number);

CREATE TABLE challenges (
    number INTEGER PRIMARY KEY,
    application_id TEXT NOT NULL,
    user_key BLOB NOT NULL,
    id TEXT NOT NULL UNIQUE,
    action_id TEXT NOT NULL UNIQUE REFERENCES actions (id),
    type TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'exhausted', 'expired', 'cancelled', 'denied')),
    end_reason TEXT,
    lane TEXT NOT NULL CHECK (lane IN ('own', 'open')),
    decoy INTEGER NOT NULL CHECK (decoy IN (0, 1)),
    conceal INTEGER NOT NULL CHECK (conceal IN (0, 1)),
    reference TEXT NOT NULL,
    code_length INTEGER NOT NULL CHECK (code_length BETWEEN 6 AND 10),
    bound_digest TEXT NOT NULL,
    tries_spent INTEGER NOT NULL DEFAULT 0,
    tries_allowed INTEGER NOT NULL,
    sends INTEGER NOT NULL DEFAULT 0,
    sends_allowed INTEGER NOT NULL,
    high_value INTEGER NOT NULL CHECK (high_value IN (0, 1)),
    trust_allowed INTEGER NOT NULL CHECK (trust_allowed IN (0, 1)),
    confirms TEXT,
    device_id TEXT,
    browser BLOB,
    network BLOB,
    route_option_id TEXT,
    route_contact_id TEXT,
    route_channel TEXT,
    -- Options, the masked destination and the customer's reasons; NULL once the user was erased.
    sealed_display BLOB,
    -- The live code; the transaction that ends the challenge or makes the next generation wipes it.
    sealed_code BLOB,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    resend_at INTEGER NOT NULL,
    others_count_from INTEGER,
    CHECK (tries_spent BETWEEN 0 AND tries_allowed),
    CHECK (sends BETWEEN 0 AND sends_allowed),
    CHECK ((state = 'pending') = (ended_at IS NULL)),
    CHECK (state = 'pending' OR sealed_code IS NULL),
    CHECK (NOT decoy OR sealed_code IS NULL),
    CHECK (NOT (decoy AND state = 'approved'))
) STRICT;
CREATE INDEX challenges_of_user ON challenges (application_id, user_key, created_at);
CREATE INDEX challenges_pending ON challenges (application_id, user_key, lane, number) WHERE state = 'pending';
CREATE INDEX challenges_due ON challenges (expires_at) WHERE state = 'pending';
CREATE INDEX challenges_by_reference ON challenges (reference, created_at);

-- Keyed hashes of codes; the highest number is the live one. A code that was killed has no hash any more.
CREATE TABLE generations (
    challenge_id TEXT NOT NULL REFERENCES challenges (id),
    number INTEGER NOT NULL CHECK (number >= 1),
    mac BLOB CHECK (length(mac) = 32),
    mac_key_id TEXT NOT NULL,
    contact_id TEXT,
    channel TEXT NOT NULL,
    PRIMARY KEY (challenge_id, number)
) STRICT, WITHOUT ROWID;

-- Which option and channel each send of a challenge was for; a withheld one counts like any other.
CREATE TABLE sends (
    challenge_id TEXT NOT NULL REFERENCES challenges (id),
    number INTEGER NOT NULL CHECK (number >= 1),
    option_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (challenge_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE grants (
    application_id TEXT NOT NULL,
    user_key BLOB NOT NULL,
    id TEXT NOT NULL,
    action_id TEXT NOT NULL UNIQUE REFERENCES actions (id),
    challenge_id TEXT UNIQUE REFERENCES challenges (id),
    bound_digest TEXT NOT NULL,
    assurance TEXT NOT NULL,
    methods TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('issued', 'redeemed', 'revoked')),
    redeemed_at INTEGER,
    PRIMARY KEY (application_id, user_key, id),
    CHECK ((state = 'redeemed') = (redeemed_at IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX grants_by_id ON grants (id);
CREATE INDEX grants_issued ON grants (application_id, user_key) WHERE state = 'issued';

CREATE TABLE notices (
    number INTEGER PRIMARY KEY,
    application_id TEXT NOT NULL,
    user_key BLOB NOT NULL,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    action_id TEXT,
    challenge_id TEXT,
    device_id TEXT,
    change_id TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX notices_of_user ON notices (application_id, user_key, kind, created_at);
CREATE INDEX notices_by_age ON notices (created_at);

-- The outbox. due_at of a leased delivery is the end of its lease.
CREATE TABLE deliveries (
    number INTEGER PRIMARY KEY,
    application_id TEXT NOT NULL,
    user_key BLOB NOT NULL,
    id TEXT NOT NULL UNIQUE,
    challenge_id TEXT,
    generation INTEGER,
    notice_id TEXT,
    contact_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'leased', 'done')),
    status TEXT NOT NULL,
    status_at INTEGER NOT NULL,
    reason TEXT,
    tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
    due_at INTEGER NOT NULL,
    provider TEXT,
    provider_message_id TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CHECK ((challenge_id IS NULL) <> (notice_id IS NULL)),
    CHECK ((challenge_id IS NULL) = (generation IS NULL))
) STRICT;
CREATE INDEX deliveries_due ON deliveries (due_at, number) WHERE state <> 'done';
CREATE INDEX deliveries_of_user ON deliveries (application_id, user_key) WHERE state <> 'done';
CREATE INDEX deliveries_of_challenge ON deliveries (challenge_id, generation) WHERE challenge_id IS NOT NULL;
CREATE INDEX deliveries_by_age ON deliveries (created_at);

-- One row for each thing that was counted, so that every window rolls exactly. An address has an empty user_key.
CREATE TABLE charges (
    number INTEGER PRIMARY KEY,
    application_id TEXT NOT NULL,
    user_key BLOB NOT NULL,
    budget TEXT NOT NULL,
    subject BLOB NOT NULL,
    lane TEXT NOT NULL CHECK (lane IN ('own', 'open')),
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX charges_of_subject ON charges (application_id, user_key, budget, subject, at);
CREATE INDEX charges_by_age ON charges (budget, at);

-- Guesses per minute, for the breaker.
CREATE TABLE attempt_minutes (
    application_id TEXT NOT NULL,
    minute INTEGER NOT NULL,
    compared INTEGER NOT NULL,
    wrong INTEGER NOT NULL,
    PRIMARY KEY (application_id, minute),
    CHECK (wrong BETWEEN 0 AND compared)
) STRICT, WITHOUT ROWID;

CREATE TABLE kept_answers (
    application_id TEXT NOT NULL,
    scope BLOB NOT NULL,
    fingerprint BLOB NOT NULL,
    status INTEGER NOT NULL,
    sealed_body BLOB NOT NULL,
    kept_at INTEGER NOT NULL,
    PRIMARY KEY (application_id, scope)
) STRICT;
CREATE INDEX kept_answers_by_age ON kept_answers (kept_at);

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    application_id TEXT NOT NULL,
    key_hash BLOB NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE INDEX api_keys_of_application ON api_keys (application_id, created_at);

-- The audit log: ids, states and counts only. The number is the order of commit.
CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    application_id TEXT NOT NULL,
    user_key BLOB NOT NULL,
    at INTEGER NOT NULL,
    data TEXT NOT NULL
) STRICT;
CREATE INDEX events_of_application ON events (application_id, number);
