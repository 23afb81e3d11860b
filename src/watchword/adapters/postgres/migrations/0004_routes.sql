-- Which sender of its route a message is with, and what is heard of it.
-- A message that waits for its receipt is queued with the status that its sender gave it: due_at is when it is overdue.
ALTER TABLE deliveries ADD COLUMN step INTEGER NOT NULL DEFAULT 0 CHECK (step >= 0);
-- The step after a word that it did not arrive, or after none in time; NULL: it has nowhere else to go.
ALTER TABLE deliveries ADD COLUMN next_step INTEGER;
-- Who has it now, or had it last; NULL while the next one is looked for.
ALTER TABLE deliveries ADD COLUMN sender TEXT COLLATE "C";
-- A receipt that came before its hand-over was written, as JSON.
ALTER TABLE deliveries ADD COLUMN early_receipt TEXT COLLATE "C";

-- Codes and notices are claimed each in a lane of its own.
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due_codes ON deliveries (due_at, number) WHERE state <> 'done' AND notice_id IS NULL;
CREATE INDEX deliveries_due_notices ON deliveries (due_at, number) WHERE state <> 'done' AND notice_id IS NOT NULL;

-- Whose message it is that a provider speaks of by his own id; only for senders whose provider does.
CREATE TABLE provider_messages (
    sender TEXT COLLATE "C" NOT NULL,
    provider_message_id TEXT COLLATE "C" NOT NULL,
    delivery_id TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (sender, provider_message_id)
);
CREATE INDEX provider_messages_by_age ON provider_messages (at);
