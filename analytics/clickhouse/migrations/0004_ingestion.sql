-- What became of every event that arrived. The counter in Valkey only grows within its minute, so it may be written as
-- often as wanted: max keeps the last word, and a repeated write changes nothing.
CREATE TABLE ingest_outcomes
(
    site_id UInt32,
    minute DateTime('UTC'),
    outcome LowCardinality(String),
    reason LowCardinality(String),
    events SimpleAggregateFunction(max, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (site_id, minute, outcome, reason)
TTL minute + INTERVAL 400 DAY;

-- Rejected payloads wait here to be replayed, bots to be re-admitted. `context` is what the endpoint knew (JSON: visitor,
-- place, device), so that a replay needs no address.
CREATE TABLE rejected_events
(
    site_id UInt32,
    received_at DateTime64(3, 'UTC'),
    reason LowCardinality(String),
    field LowCardinality(String),
    payload String CODEC(ZSTD(3)),
    context String CODEC(ZSTD(3))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(received_at)
ORDER BY (site_id, reason, received_at)
TTL toDateTime(received_at) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE bot_events AS rejected_events
ENGINE = MergeTree
PARTITION BY toYYYYMM(received_at)
ORDER BY (site_id, reason, received_at)
TTL toDateTime(received_at) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000;
