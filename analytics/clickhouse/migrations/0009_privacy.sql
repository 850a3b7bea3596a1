-- Whom a request about a person reaches: their ids, and the sessions and quarters of an hour that they touched. Mutations read
-- it by a subquery, so that no id of a person stays in the text of a mutation. Emptied when the request ends.
CREATE TABLE privacy_reach
(
    request UInt64,
    kind LowCardinality(String),
    id UInt64,
    at DateTime DEFAULT now()
)
ENGINE = MergeTree
ORDER BY (request, kind, id)
TTL at + INTERVAL 60 DAY;

-- Parts that were replaced are looked for every few seconds and not minutes: what was erased has to be gone from the disk soon.
ALTER TABLE privacy_reach MODIFY SETTING cleanup_delay_period = 3, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 15;
ALTER TABLE events MODIFY SETTING cleanup_delay_period = 3, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 15;
ALTER TABLE rare_events MODIFY SETTING cleanup_delay_period = 3, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 15;
ALTER TABLE events_recent MODIFY SETTING cleanup_delay_period = 3, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 15;
ALTER TABLE sessions MODIFY SETTING cleanup_delay_period = 3, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 15;
ALTER TABLE visits MODIFY SETTING cleanup_delay_period = 3, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 15;
ALTER TABLE traffic_15m MODIFY SETTING cleanup_delay_period = 3, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 15;
ALTER TABLE cohort_people MODIFY SETTING cleanup_delay_period = 3, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 15;
ALTER TABLE rejected_events MODIFY SETTING cleanup_delay_period = 3, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 15;
ALTER TABLE bot_events MODIFY SETTING cleanup_delay_period = 3, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 15;
