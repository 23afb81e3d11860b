-- What is counted against burnt money, outside the rows of users and in transactions of its own. Money is in millionths.

-- New contacts that a code was sent to, for each channel that costs money, and whether one came back.
CREATE TABLE guard_contacts (
    application_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    -- The number without its last four digits.
    prefix TEXT NOT NULL,
    delivery_id TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    completed_at INTEGER,
    PRIMARY KEY (application_id, contact_id, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX guard_contacts_of_prefix ON guard_contacts (application_id, channel, prefix, sent_at);
CREATE INDEX guard_contacts_by_age ON guard_contacts (sent_at);

-- Ranges of numbers that are or were closed, and since when they are counted.
CREATE TABLE guard_prefixes (
    application_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    prefix TEXT NOT NULL,
    closed_at INTEGER NOT NULL,
    closed_until INTEGER NOT NULL,
    counted_since INTEGER NOT NULL,
    times INTEGER NOT NULL CHECK (times >= 0),
    sent INTEGER NOT NULL,
    completed INTEGER NOT NULL,
    PRIMARY KEY (application_id, channel, prefix)
) STRICT, WITHOUT ROWID;
CREATE INDEX guard_prefixes_by_end ON guard_prefixes (closed_until);

-- What a country has cost an application in a day (UTC, counted from 1970). full_at is when the cap first stopped a message,
-- which was then as high as allowed.
CREATE TABLE guard_spending (
    application_id TEXT NOT NULL,
    day INTEGER NOT NULL,
    country TEXT NOT NULL,
    spent INTEGER NOT NULL DEFAULT 0,
    lifted INTEGER NOT NULL DEFAULT 0,
    messages INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0,
    full_at INTEGER,
    allowed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (application_id, day, country)
) STRICT, WITHOUT ROWID;
CREATE INDEX guard_spending_by_day ON guard_spending (day);

-- Each hand-over that was paid for, so that the same one is never paid for twice and can be taken back.
CREATE TABLE guard_charges (
    delivery_id TEXT NOT NULL,
    tries INTEGER NOT NULL,
    sender TEXT NOT NULL,
    application_id TEXT NOT NULL,
    day INTEGER NOT NULL,
    country TEXT NOT NULL,
    price INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (delivery_id, tries, sender)
) STRICT, WITHOUT ROWID;
CREATE INDEX guard_charges_by_age ON guard_charges (at);
