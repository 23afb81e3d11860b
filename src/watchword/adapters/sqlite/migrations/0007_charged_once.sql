-- The call that charged an address, by the keyed hash that its answer is kept under: the same call charges it once.
ALTER TABLE charges ADD COLUMN call_scope BLOB;
