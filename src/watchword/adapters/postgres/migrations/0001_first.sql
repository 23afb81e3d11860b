-- Everything there is in version 1. Times are milliseconds since 1970 in UTC; a column named sealed_… holds AES-GCM text.
-- Tables, columns and indexes are named as in the file of SQLite, because the statements are shared; 0 and 1 stand for
-- what is not so and what is. Words are compared byte by byte, whatever language the database was made for.

-- The version of this schema, and the lowest newest version of a release that can work on it.
CREATE TABLE watchword_schema (
    version BIGINT NOT NULL,
    serves BIGINT NOT NULL
);
INSERT INTO watchword_schema (version, serves) VALUES (0, 1);

-- The highest time that any transaction that wrote was told: see watchword_now().
CREATE SEQUENCE watchword_highest AS BIGINT MINVALUE 0 START 0;

-- The clock of this server, in milliseconds. Nothing but tests has reason to replace it.
CREATE FUNCTION watchword_clock() RETURNS BIGINT LANGUAGE sql VOLATILE PARALLEL SAFE
    RETURN floor(extract(epoch FROM clock_timestamp()) * 1000)::BIGINT;

-- The time of a transaction. It never goes back, not even where a standby takes over whose clock is behind. A sequence
-- holds the highest, because it is written without a lock that others wait for, and travels to the standby with the rest;
-- two who write it at once may leave the lower of two times that are a moment apart.
CREATE FUNCTION watchword_now() RETURNS BIGINT LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    at BIGINT := watchword_clock();
    highest BIGINT;
BEGIN
    SELECT last_value INTO highest FROM watchword_highest;
    IF at <= highest THEN
        RETURN highest;
    END IF;
    IF current_setting('transaction_read_only') = 'off' THEN
        PERFORM setval('watchword_highest', at);
    END IF;
    RETURN at;
END $$;

-- Most tables leave room in their pages (fillfactor): a row that is changed in place, with no index on what changes, leaves
-- no index entry behind and makes no work for the vacuum. Deletes are met by an early vacuum, in hundredths of the table.
-- No foreign keys: each would lock the row it names and cost a look-up per row on the hottest way
-- (docs/decisions/0015-what-postgresql-drops-and-what-it-deletes.md has the figures), and a table could not be
-- parted from another. The same statements run under SQLite's, in every test.

-- One user, one shard: the user's key, a keyed hash of application and user, stands in every row of his and in every
-- unique constraint, so that a distributed PostgreSQL can spread the rows by it.

-- A row without sealed_person is the tombstone of an erased user.
CREATE TABLE users (
    application_id TEXT COLLATE "C" NOT NULL,
    user_key BYTEA NOT NULL CHECK (length(user_key) = 8),
    sealed_person BYTEA,
    created_at BIGINT NOT NULL,
    had_contact SMALLINT NOT NULL CHECK (had_contact IN (0, 1)),
    erased_at BIGINT,
    disputed_at BIGINT,
    locked_until BIGINT,
    last_seen_at BIGINT,
    -- The number of the newest action when a challenge was last approved: later purchases add up.
    proven_through BIGINT NOT NULL DEFAULT 0,
    reset_at BIGINT,
    reset_contact_id TEXT COLLATE "C",
    -- When a password reset or account update was last approved, or the contacts last changed.
    changed_at BIGINT,
    PRIMARY KEY (application_id, user_key),
    CHECK ((sealed_person IS NULL) = (erased_at IS NOT NULL))
) WITH (fillfactor = 85);
-- The sweep looks for tombstones every few seconds, and most users are none.
CREATE INDEX users_erased ON users (erased_at) WHERE erased_at IS NOT NULL;

-- A contact that left stays for 30 days: its last notices go out, and a dispute can bring it back.
CREATE TABLE contacts (
    application_id TEXT COLLATE "C" NOT NULL,
    user_key BYTEA NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    -- The order in which they were made.
    rowid BIGINT GENERATED ALWAYS AS IDENTITY,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('phone', 'email')),
    sealed_address BYTEA NOT NULL,
    address_hash BYTEA NOT NULL,
    added_at BIGINT NOT NULL,
    usable_from BIGINT NOT NULL,
    leaves_at BIGINT,
    confirmed_at BIGINT,
    last_proven_at BIGINT,
    preferred SMALLINT NOT NULL CHECK (preferred IN (0, 1)),
    disabled_at BIGINT,
    bounced_at BIGINT,
    -- The action whose grant added or removed it.
    added_by TEXT COLLATE "C",
    removed_by TEXT COLLATE "C",
    -- The change without a grant that added or removed it.
    added_in TEXT COLLATE "C",
    removed_in TEXT COLLATE "C",
    PRIMARY KEY (application_id, user_key, id)
) WITH (fillfactor = 85);
CREATE UNIQUE INDEX contacts_listed_once ON contacts (application_id, user_key, address_hash) WHERE leaves_at IS NULL;
CREATE INDEX contacts_left ON contacts (leaves_at) WHERE leaves_at IS NOT NULL;

CREATE TABLE devices (
    application_id TEXT COLLATE "C" NOT NULL,
    user_key BYTEA NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    -- The order in which they were made.
    rowid BIGINT GENERATED ALWAYS AS IDENTITY,
    sealed_name BYTEA NOT NULL,
    step BIGINT NOT NULL CHECK (step >= 0),
    stepped_at BIGINT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    last_proven_at BIGINT NOT NULL,
    trusted_at BIGINT,
    revoked_at BIGINT,
    -- The actions whose approval made it known and trusted.
    made_by TEXT COLLATE "C" NOT NULL,
    trusted_by TEXT COLLATE "C",
    -- Since when an action of this device is labelled as fraud: it teaches nothing any more but by a proof.
    reported_at BIGINT,
    PRIMARY KEY (application_id, user_key, id)
) WITH (fillfactor = 80);
CREATE INDEX devices_revoked ON devices (revoked_at) WHERE revoked_at IS NOT NULL;

-- Countries in which an action was approved or allowed.
CREATE TABLE places (
    application_id TEXT COLLATE "C" NOT NULL,
    user_key BYTEA NOT NULL,
    country TEXT COLLATE "C" NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    -- The action that a country was first noted for.
    first_by TEXT COLLATE "C",
    PRIMARY KEY (application_id, user_key, country)
) WITH (fillfactor = 85);

-- Sealed text does not compress, and rows that fit into a page stay in one piece: a second table costs a second look-up.
-- An action without sealed_action belonged to a user who was erased.
CREATE TABLE actions (
    number BIGINT GENERATED BY DEFAULT AS IDENTITY,
    application_id TEXT COLLATE "C" NOT NULL,
    user_key BYTEA NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    decision TEXT COLLATE "C" NOT NULL CHECK (decision IN ('allow', 'challenge', 'deny')),
    lane TEXT COLLATE "C" NOT NULL CHECK (lane IN ('own', 'open')),
    country TEXT COLLATE "C",
    device_id TEXT COLLATE "C",
    sealed_action BYTEA STORAGE EXTERNAL,
    sealed_assessment BYTEA STORAGE EXTERNAL,
    created_at BIGINT NOT NULL,
    retry_at BIGINT,
    label TEXT COLLATE "C",
    disputed_at BIGINT,
    PRIMARY KEY (id, user_key)
) WITH (toast_tuple_target = 8160);
CREATE INDEX actions_of_user ON actions (application_id, user_key, number);
-- The oldest are forgotten first; new ones go to the end of it.
CREATE INDEX actions_in_order ON actions (number);
-- Every decision asks for the purchases that were allowed since the last proof, and most actions are none.
CREATE INDEX actions_bought ON actions (application_id, user_key, number) WHERE type = 'purchase' AND decision = 'allow';

CREATE TABLE challenges (
    number BIGINT GENERATED BY DEFAULT AS IDENTITY,
    application_id TEXT COLLATE "C" NOT NULL,
    user_key BYTEA NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    action_id TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('pending', 'approved', 'exhausted', 'expired', 'cancelled', 'denied')),
    end_reason TEXT COLLATE "C",
    lane TEXT COLLATE "C" NOT NULL CHECK (lane IN ('own', 'open')),
    decoy SMALLINT NOT NULL CHECK (decoy IN (0, 1)),
    conceal SMALLINT NOT NULL CHECK (conceal IN (0, 1)),
    reference TEXT COLLATE "C" NOT NULL,
    code_length INTEGER NOT NULL CHECK (code_length BETWEEN 6 AND 10),
    bound_digest TEXT COLLATE "C" NOT NULL,
    tries_spent INTEGER NOT NULL DEFAULT 0,
    tries_allowed INTEGER NOT NULL,
    sends INTEGER NOT NULL DEFAULT 0,
    sends_allowed INTEGER NOT NULL,
    high_value SMALLINT NOT NULL CHECK (high_value IN (0, 1)),
    trust_allowed SMALLINT NOT NULL CHECK (trust_allowed IN (0, 1)),
    confirms TEXT COLLATE "C",
    device_id TEXT COLLATE "C",
    browser BYTEA,
    network BYTEA,
    route_option_id TEXT COLLATE "C",
    route_contact_id TEXT COLLATE "C",
    route_channel TEXT COLLATE "C",
    -- Options, the masked destination and the customer's reasons; NULL once the user was erased.
    sealed_display BYTEA,
    -- The live code; the transaction that ends the challenge or makes the next generation wipes it.
    sealed_code BYTEA,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    resend_at BIGINT NOT NULL,
    others_count_from BIGINT,
    PRIMARY KEY (id, user_key),
    UNIQUE (action_id, user_key),
    CHECK (tries_spent BETWEEN 0 AND tries_allowed),
    CHECK (sends BETWEEN 0 AND sends_allowed),
    CHECK ((state = 'pending') = (ended_at IS NULL)),
    CHECK (state = 'pending' OR sealed_code IS NULL),
    CHECK (decoy = 0 OR sealed_code IS NULL),
    CHECK (decoy = 0 OR state <> 'approved')
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX challenges_of_user ON challenges (application_id, user_key, created_at);
CREATE INDEX challenges_pending ON challenges (application_id, user_key, lane, number) WHERE state = 'pending';
CREATE INDEX challenges_due ON challenges (expires_at) WHERE state = 'pending';
CREATE INDEX challenges_by_reference ON challenges (reference, created_at);

-- Keyed hashes of codes; the highest number is the live one. A code that was killed has no hash any more.
CREATE TABLE generations (
    application_id TEXT COLLATE "C" NOT NULL,
    user_key BYTEA NOT NULL,
    challenge_id TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL CHECK (number >= 1),
    mac BYTEA CHECK (length(mac) = 32),
    mac_key_id TEXT COLLATE "C" NOT NULL,
    contact_id TEXT COLLATE "C",
    channel TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (challenge_id, number, user_key)
) WITH (fillfactor = 85);

-- Which option and channel each send of a challenge was for; a withheld one counts like any other.
CREATE TABLE sends (
    application_id TEXT COLLATE "C" NOT NULL,
    user_key BYTEA NOT NULL,
    challenge_id TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL CHECK (number >= 1),
    option_id TEXT COLLATE "C" NOT NULL,
    channel TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (challenge_id, number, user_key)
);

CREATE TABLE grants (
    application_id TEXT COLLATE "C" NOT NULL,
    user_key BYTEA NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    action_id TEXT COLLATE "C" NOT NULL,
    challenge_id TEXT COLLATE "C",
    bound_digest TEXT COLLATE "C" NOT NULL,
    assurance TEXT COLLATE "C" NOT NULL,
    methods TEXT COLLATE "C" NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('issued', 'redeemed', 'revoked')),
    redeemed_at BIGINT,
    PRIMARY KEY (id, user_key),
    UNIQUE (action_id, user_key),
    CHECK ((state = 'redeemed') = (redeemed_at IS NOT NULL))
);
CREATE UNIQUE INDEX grants_of_challenge ON grants (challenge_id, user_key) WHERE challenge_id IS NOT NULL;
CREATE INDEX grants_issued ON grants (application_id, user_key) WHERE state = 'issued';

CREATE TABLE notices (
    number BIGINT GENERATED BY DEFAULT AS IDENTITY,
    application_id TEXT COLLATE "C" NOT NULL,
    user_key BYTEA NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    action_id TEXT COLLATE "C",
    challenge_id TEXT COLLATE "C",
    device_id TEXT COLLATE "C",
    change_id TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, user_key)
);
CREATE INDEX notices_of_user ON notices (application_id, user_key, kind, created_at);
CREATE INDEX notices_by_age ON notices (created_at);

-- The outbox. due_at of a leased delivery is the end of its lease.
CREATE TABLE deliveries (
    number BIGINT GENERATED BY DEFAULT AS IDENTITY,
    application_id TEXT COLLATE "C" NOT NULL,
    user_key BYTEA NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    challenge_id TEXT COLLATE "C",
    generation INTEGER,
    notice_id TEXT COLLATE "C",
    contact_id TEXT COLLATE "C" NOT NULL,
    channel TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('queued', 'leased', 'done')),
    status TEXT COLLATE "C" NOT NULL,
    status_at BIGINT NOT NULL,
    reason TEXT COLLATE "C",
    tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
    due_at BIGINT NOT NULL,
    provider TEXT COLLATE "C",
    provider_message_id TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (id, user_key),
    CHECK ((challenge_id IS NULL) <> (notice_id IS NULL)),
    CHECK ((challenge_id IS NULL) = (generation IS NULL))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01);
CREATE INDEX deliveries_due ON deliveries (due_at, number) WHERE state <> 'done';
CREATE INDEX deliveries_of_user ON deliveries (application_id, user_key) WHERE state <> 'done';
CREATE INDEX deliveries_of_challenge ON deliveries (challenge_id, generation) WHERE challenge_id IS NOT NULL;
CREATE INDEX deliveries_by_age ON deliveries (created_at);

-- One row for each thing that was counted, so that every window rolls exactly. An address has an empty user_key.
CREATE TABLE charges (
    number BIGINT GENERATED BY DEFAULT AS IDENTITY,
    application_id TEXT COLLATE "C" NOT NULL,
    user_key BYTEA NOT NULL,
    budget TEXT COLLATE "C" NOT NULL,
    subject BYTEA NOT NULL,
    lane TEXT COLLATE "C" NOT NULL CHECK (lane IN ('own', 'open')),
    at BIGINT NOT NULL,
    PRIMARY KEY (number, user_key)
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX charges_of_subject ON charges (application_id, user_key, budget, subject, at);
CREATE INDEX charges_by_age ON charges (budget, at);

-- Guesses per minute, for the breaker. Each connection counts in a slot of its own: one row for all would be locked until
-- each commit in turn.
CREATE TABLE attempt_minutes (
    application_id TEXT COLLATE "C" NOT NULL,
    minute BIGINT NOT NULL,
    slot INTEGER NOT NULL DEFAULT pg_backend_pid(),
    compared BIGINT NOT NULL,
    wrong BIGINT NOT NULL,
    PRIMARY KEY (application_id, minute, slot),
    CHECK (wrong BETWEEN 0 AND compared)
) WITH (fillfactor = 25);

CREATE TABLE kept_answers (
    application_id TEXT COLLATE "C" NOT NULL,
    scope BYTEA NOT NULL,
    fingerprint BYTEA NOT NULL,
    status INTEGER NOT NULL,
    sealed_body BYTEA NOT NULL,
    kept_at BIGINT NOT NULL,
    PRIMARY KEY (application_id, scope)
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX kept_answers_by_age ON kept_answers (kept_at);

CREATE TABLE api_keys (
    id TEXT COLLATE "C" PRIMARY KEY,
    application_id TEXT COLLATE "C" NOT NULL,
    key_hash BYTEA NOT NULL UNIQUE,
    scopes TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX api_keys_of_application ON api_keys (application_id, created_at);

-- What is added to the number of a transaction, so that events go on upwards in another server: it counts from the start.
CREATE FUNCTION watchword_event_shift() RETURNS BIGINT LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 0;

-- The number of an event: the transaction that wrote it, and the position in there. So it is the order of the transactions
-- and not that of the writing, in which a number may become visible after a higher one.
CREATE FUNCTION watchword_event_number() RETURNS BIGINT LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    position BIGINT := coalesce(nullif(current_setting('watchword.events', true), ''), '0')::BIGINT + 1;
BEGIN
    IF position >= 1 << 20 THEN
        RAISE EXCEPTION 'a transaction writes at most % events', (1 << 20) - 1;
    END IF;
    PERFORM set_config('watchword.events', position::TEXT, true);
    RETURN ((pg_current_xact_id()::TEXT::BIGINT + watchword_event_shift()) << 20) + position;
END $$;

-- Below this number no transaction that is under way, and none to come, can write an event.
CREATE FUNCTION watchword_settled_number() RETURNS BIGINT LANGUAGE sql STABLE
    RETURN (pg_snapshot_xmin(pg_current_snapshot())::TEXT::BIGINT + watchword_event_shift()) << 20;

-- The audit log: ids, states and counts only. A month is a partition, so that an old one goes at once and in no time.
CREATE TABLE events (
    number BIGINT NOT NULL DEFAULT watchword_event_number(),
    id TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    application_id TEXT COLLATE "C" NOT NULL,
    user_key BYTEA NOT NULL,
    at BIGINT NOT NULL,
    data TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (number, user_key, at)
) PARTITION BY RANGE (at);
CREATE INDEX events_of_application ON events (application_id, number);

-- The feed reads from here: a reader who remembers a number misses nothing that is committed later.
CREATE VIEW settled_events AS SELECT * FROM events WHERE number < watchword_settled_number();

-- What an action would teach, kept for 30 days so that it can be taken back; the number is that of its action. It waits
-- until its challenge is approved, and for good where its device is reported. Apart from the actions, whose rows are long.
CREATE TABLE contributions (
    number BIGINT NOT NULL,
    application_id TEXT COLLATE "C" NOT NULL,
    user_key BYTEA NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'provisional', 'proven', 'taken_back')),
    -- The action whose label took it back, so that another label gives it back; NULL where the owner said so, for good.
    taken_back_by TEXT COLLATE "C",
    sealed_contribution BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (number, user_key),
    CHECK (state = 'taken_back' OR taken_back_by IS NULL)
);
CREATE INDEX contributions_of_user ON contributions (application_id, user_key, state, created_at);

-- At most 1,200 bytes of hashed values that fade. due_at is when the oldest provisional contribution comes to count in full.
CREATE TABLE memories (
    application_id TEXT COLLATE "C" NOT NULL,
    user_key BYTEA NOT NULL,
    sealed_memory BYTEA NOT NULL,
    due_at BIGINT,
    PRIMARY KEY (application_id, user_key)
) WITH (fillfactor = 60);

-- No index on the weight: counters change far more often than the lightest of 50,000 are looked for.
-- Counters that every process adds to; the first byte of a key names its table, the rest are hashed values and nobody.
CREATE TABLE population (
    application_id TEXT COLLATE "C" NOT NULL,
    key BYTEA NOT NULL CHECK (length(key) BETWEEN 1 AND 40),
    weight DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (application_id, key)
) WITH (fillfactor = 60);

-- How many keys each table of counters holds, so that none has to be counted to be kept small.
CREATE TABLE population_sizes (
    application_id TEXT COLLATE "C" NOT NULL,
    first_byte BYTEA NOT NULL,
    size BIGINT NOT NULL CHECK (size >= 0),
    PRIMARY KEY (application_id, first_byte)
) WITH (fillfactor = 50);

-- Policies as they were applied; the newest of an application is the one that decides.
CREATE TABLE policies (
    number BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    application_id TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    text TEXT COLLATE "C" NOT NULL,
    applied_at BIGINT NOT NULL,
    applied_by TEXT COLLATE "C" NOT NULL,
    why TEXT COLLATE "C" NOT NULL
);
CREATE INDEX policies_of_application ON policies (application_id, number);
