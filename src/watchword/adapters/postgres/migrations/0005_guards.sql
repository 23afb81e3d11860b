-- What is counted against burnt money, outside the rows of users and in transactions of its own. Money is in millionths.

-- New contacts that a code was sent to, for each channel that costs money, and whether one came back.
CREATE TABLE guard_contacts (
    application_id TEXT COLLATE "C" NOT NULL,
    contact_id TEXT COLLATE "C" NOT NULL,
    channel TEXT COLLATE "C" NOT NULL,
    -- The number without its last four digits.
    prefix TEXT COLLATE "C" NOT NULL,
    delivery_id TEXT COLLATE "C" NOT NULL,
    sent_at BIGINT NOT NULL,
    completed_at BIGINT,
    PRIMARY KEY (application_id, contact_id, channel)
);
CREATE INDEX guard_contacts_of_prefix ON guard_contacts (application_id, channel, prefix, sent_at);
CREATE INDEX guard_contacts_by_age ON guard_contacts (sent_at);

-- Ranges of numbers that are or were closed, and since when they are counted.
CREATE TABLE guard_prefixes (
    application_id TEXT COLLATE "C" NOT NULL,
    channel TEXT COLLATE "C" NOT NULL,
    prefix TEXT COLLATE "C" NOT NULL,
    closed_at BIGINT NOT NULL,
    closed_until BIGINT NOT NULL,
    counted_since BIGINT NOT NULL,
    times INTEGER NOT NULL CHECK (times >= 0),
    sent BIGINT NOT NULL,
    completed BIGINT NOT NULL,
    PRIMARY KEY (application_id, channel, prefix)
);
CREATE INDEX guard_prefixes_by_end ON guard_prefixes (closed_until);

-- What a country has cost an application in a day (UTC, counted from 1970). full_at is when the cap first stopped a message,
-- which was then as high as allowed.
CREATE TABLE guard_spending (
    application_id TEXT COLLATE "C" NOT NULL,
    day BIGINT NOT NULL,
    country TEXT COLLATE "C" NOT NULL,
    spent BIGINT NOT NULL DEFAULT 0,
    lifted BIGINT NOT NULL DEFAULT 0,
    messages BIGINT NOT NULL DEFAULT 0,
    refused BIGINT NOT NULL DEFAULT 0,
    full_at BIGINT,
    allowed BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (application_id, day, country)
) WITH (fillfactor = 50);
CREATE INDEX guard_spending_by_day ON guard_spending (day);

-- Each hand-over that was paid for, so that the same one is never paid for twice and can be taken back.
CREATE TABLE guard_charges (
    delivery_id TEXT COLLATE "C" NOT NULL,
    tries INTEGER NOT NULL,
    sender TEXT COLLATE "C" NOT NULL,
    application_id TEXT COLLATE "C" NOT NULL,
    day BIGINT NOT NULL,
    country TEXT COLLATE "C" NOT NULL,
    price BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (delivery_id, tries, sender)
);
CREATE INDEX guard_charges_by_age ON guard_charges (at);
