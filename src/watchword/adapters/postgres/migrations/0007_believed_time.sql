-- A clock that jumped ahead is not believed: whoever asks says what the latest moment is that can be the present.

-- The time of a transaction, as watchword_now() tells it, or NULL where that is later than it can be. Then nothing is
-- kept of it: a sequence is not rolled back, and a time that went into it would stand still until the clocks get there.
CREATE FUNCTION watchword_now(latest BIGINT) RETURNS BIGINT LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    at BIGINT := watchword_clock();
    highest BIGINT;
BEGIN
    SELECT last_value INTO highest FROM watchword_highest;
    IF greatest(at, highest) > latest THEN
        RETURN NULL;
    END IF;
    IF at <= highest THEN
        RETURN highest;
    END IF;
    IF current_setting('transaction_read_only') = 'off' THEN
        PERFORM setval('watchword_highest', at);
    END IF;
    RETURN at;
END $$;
