-- The numbers of the events that an operation writes in one statement, the first of which it returns: asked for once, and
-- not by each row. What a number is made of stays as watchword_event_number() has it, which rows without one still take.
CREATE FUNCTION watchword_event_numbers(wanted BIGINT) RETURNS BIGINT LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    taken BIGINT := coalesce(nullif(current_setting('watchword.events', true), ''), '0')::BIGINT;
BEGIN
    IF taken + wanted >= 1 << 20 THEN
        RAISE EXCEPTION 'a transaction writes at most % events', (1 << 20) - 1;
    END IF;
    PERFORM set_config('watchword.events', (taken + wanted)::TEXT, true);
    RETURN ((pg_current_xact_id()::TEXT::BIGINT + watchword_event_shift()) << 20) + taken + 1;
END $$;
