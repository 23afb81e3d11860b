-- One user, one shard: what belongs to a challenge names its user too, as every other row of a user does.

CREATE TABLE generations_of_users (
    application_id TEXT NOT NULL,
    user_key BLOB NOT NULL,
    challenge_id TEXT NOT NULL REFERENCES challenges (id),
    number INTEGER NOT NULL CHECK (number >= 1),
    mac BLOB CHECK (length(mac) = 32),
    mac_key_id TEXT NOT NULL,
    contact_id TEXT,
    channel TEXT NOT NULL,
    PRIMARY KEY (challenge_id, number)
) STRICT, WITHOUT ROWID;
INSERT INTO generations_of_users
SELECT application_id, user_key, challenge_id, generations.number, mac, mac_key_id, contact_id, channel
FROM generations JOIN challenges ON challenges.id = challenge_id;
DROP TABLE generations;
ALTER TABLE generations_of_users RENAME TO generations;

CREATE TABLE sends_of_users (
    application_id TEXT NOT NULL,
    user_key BLOB NOT NULL,
    challenge_id TEXT NOT NULL REFERENCES challenges (id),
    number INTEGER NOT NULL CHECK (number >= 1),
    option_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (challenge_id, number)
) STRICT, WITHOUT ROWID;
INSERT INTO sends_of_users
SELECT application_id, user_key, challenge_id, sends.number, option_id, channel, at
FROM sends JOIN challenges ON challenges.id = challenge_id;
DROP TABLE sends;
ALTER TABLE sends_of_users RENAME TO sends;

-- The sweep looks for tombstones every few seconds, and most users are none.
CREATE INDEX users_erased ON users (erased_at) WHERE erased_at IS NOT NULL;
