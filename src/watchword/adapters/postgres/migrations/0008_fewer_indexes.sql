-- concurrently
-- What a row costs besides itself: an entry in each index, a page of the log where its place is random, and each CHECK
-- of its table, which PostgreSQL reads anew for every statement (docs/decisions/0025-what-a-cycle-writes.md).

-- What is charged is counted by subject. As long as PostgreSQL knows nothing of how many charges there are, it takes
-- another index with the budget and the time for as good, and walks through all charges of the last hour each time. Only
-- who forgets old charges says that numbers are positive, and so finds this one.
DROP INDEX CONCURRENTLY IF EXISTS charges_by_age;
CREATE INDEX CONCURRENTLY charges_by_age ON charges (budget, at) WHERE number > 0;

-- A grant is looked for by its id, by its action, or among those of its user. There is one for an action and one
-- challenge for an action, so that its challenge needs no index to have but one.
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS grants_of_user ON grants (user_key, id);
ALTER TABLE grants DROP CONSTRAINT grants_pkey, ADD CONSTRAINT grants_pkey PRIMARY KEY USING INDEX grants_of_user;
DROP INDEX CONCURRENTLY IF EXISTS grants_issued;
DROP INDEX CONCURRENTLY IF EXISTS grants_of_challenge;

-- Only what counts provisionally is looked for by user and time: what an approval proved was never that.
CREATE INDEX CONCURRENTLY IF NOT EXISTS contributions_provisional ON contributions (application_id, user_key, created_at)
WHERE state = 'provisional';
DROP INDEX CONCURRENTLY IF EXISTS contributions_of_user;

-- A pending challenge is not older than a challenge can live, and found among the newest of its user. The sweeper alone
-- looks for those of all users, and says so as whoever forgets charges does.
DROP INDEX CONCURRENTLY IF EXISTS challenges_pending;
DROP INDEX CONCURRENTLY IF EXISTS challenges_due;
CREATE INDEX CONCURRENTLY challenges_due ON challenges (expires_at) WHERE state = 'pending' AND expires_at > 0;

-- Words and truths come from enumerations of ours. The file of SQLite checks them under the same statements, in every
-- test; what two columns or two statements have to keep between them stays checked here too.
ALTER TABLE users DROP CONSTRAINT IF EXISTS users_had_contact_check;
ALTER TABLE contacts DROP CONSTRAINT IF EXISTS contacts_kind_check,
    DROP CONSTRAINT IF EXISTS contacts_preferred_check;
ALTER TABLE actions DROP CONSTRAINT IF EXISTS actions_decision_check,
    DROP CONSTRAINT IF EXISTS actions_lane_check;
ALTER TABLE challenges DROP CONSTRAINT IF EXISTS challenges_state_check,
    DROP CONSTRAINT IF EXISTS challenges_lane_check,
    DROP CONSTRAINT IF EXISTS challenges_decoy_check,
    DROP CONSTRAINT IF EXISTS challenges_conceal_check,
    DROP CONSTRAINT IF EXISTS challenges_code_length_check,
    DROP CONSTRAINT IF EXISTS challenges_high_value_check,
    DROP CONSTRAINT IF EXISTS challenges_trust_allowed_check;
ALTER TABLE grants DROP CONSTRAINT IF EXISTS grants_state_check;
ALTER TABLE deliveries DROP CONSTRAINT IF EXISTS deliveries_state_check,
    DROP CONSTRAINT IF EXISTS deliveries_tries_check;
ALTER TABLE charges DROP CONSTRAINT IF EXISTS charges_lane_check;
ALTER TABLE contributions DROP CONSTRAINT IF EXISTS contributions_state_check;
