-- The consent log: what was agreed to, when, and to which versions of the settings and of the text. Nothing in it leads to who it
-- was: `receipt` is the keyed hash of a random id that only the person's browser and the page have; '' where nothing was agreed to.
CREATE TABLE consents
(
    site_id UInt32,
    at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    receipt String,
    answer LowCardinality(String),
    mode LowCardinality(String),
    version UInt32,
    text UInt32,
    language LowCardinality(String),
    categories Array(LowCardinality(String)),
    INDEX by_receipt receipt TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (site_id, at)
TTL toDateTime(at) + INTERVAL 1095 DAY
SETTINGS non_replicated_deduplication_window = 10000;
