-- Since when a server of an application has taken nothing: one that goes on so for days is told nothing more.
ALTER TABLE webhook_endpoints ADD COLUMN first_failed_at BIGINT;
