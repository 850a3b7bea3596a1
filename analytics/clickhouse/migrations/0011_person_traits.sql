-- What identify() told of a person by name, address or number: sealed (accounts/field_keys.py), the latest of each. Readers of
-- single sites do not get this table.
CREATE TABLE person_traits
(
    site_id UInt32,
    person_id UInt64,
    name String,
    sealed String,
    key LowCardinality(String) MATERIALIZED splitByChar(':', sealed)[1],
    at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(at)
ORDER BY (site_id, person_id, name)
TTL toDateTime(at) + toIntervalDay(1095)
SETTINGS cleanup_delay_period = 3, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 15;
