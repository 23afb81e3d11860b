-- The feed of events reads from here on every database. Only where many write at once does it hide anything: events of a
-- number below which another transaction may still commit one.
CREATE VIEW settled_events AS SELECT * FROM events;
