-- The raw events: 55 bytes each on disk for 200,000 events of seeddemo, of which the event id takes 15 and
-- event_properties 8. Months as partitions: a retention drop removes whole parts, and a batch of late events touches few.
CREATE TABLE events
(
    site_id UInt32,
    timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    event_id UUID CODEC(ZSTD(1)),
    event_type LowCardinality(String),
    event_version LowCardinality(String),
    interactive Bool,
    session_id UInt64 CODEC(ZSTD(1)),
    session_start DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    event_index UInt32 CODEC(T64, ZSTD(1)),
    visitor_id UInt64 CODEC(ZSTD(1)),
    person_id UInt64 CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    is_authenticated Bool,
    user_segment LowCardinality(String),
    device_id UInt64 CODEC(ZSTD(1)),
    device_type LowCardinality(String),
    os LowCardinality(String),
    os_version LowCardinality(String),
    browser LowCardinality(String),
    browser_version LowCardinality(String),
    screen_resolution LowCardinality(String),
    viewport_size LowCardinality(String),
    is_mobile Bool,
    language LowCardinality(String),
    hostname LowCardinality(String),
    url String CODEC(ZSTD(3)),
    path String CODEC(ZSTD(3)),
    title String CODEC(ZSTD(3)),
    page_referrer String CODEC(ZSTD(3)),
    referrer String CODEC(ZSTD(3)),
    source LowCardinality(String),
    medium LowCardinality(String),
    channel LowCardinality(String),
    utm_source LowCardinality(String),
    utm_medium LowCardinality(String),
    utm_campaign LowCardinality(String),
    utm_term LowCardinality(String),
    utm_content LowCardinality(String),
    click_id LowCardinality(String),
    entry_page String CODEC(ZSTD(3)),
    country LowCardinality(String),
    region LowCardinality(String),
    city LowCardinality(String),
    timezone LowCardinality(String),
    engaged_ms UInt32 CODEC(T64, ZSTD(1)),
    scroll_depth UInt8,
    revenue Decimal(18, 4) CODEC(ZSTD(1)),
    currency LowCardinality(String),
    order_id String CODEC(ZSTD(1)),
    error_type LowCardinality(String),
    error_message String CODEC(ZSTD(3)),
    lcp Nullable(Float32),
    inp Nullable(Float32),
    cls Nullable(Float32),
    fcp Nullable(Float32),
    ttfb Nullable(Float32),
    variants Map(LowCardinality(String), String),
    -- The writer sends JSON text: clickhouse-driver fills a String 6 times faster than a JSON column.
    properties String EPHEMERAL '{}',
    event_properties JSON(max_dynamic_paths = 64) DEFAULT CAST(properties AS JSON(max_dynamic_paths = 64)) CODEC(ZSTD(1)),
    -- One person's journey, for funnels and erasure: the sort key is by time, so each reads few granules only by these.
    INDEX by_session session_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_person person_id TYPE bloom_filter(0.01) GRANULARITY 1,
    -- Rare types (purchase, error, a goal) skip the granules that hold only page views.
    INDEX by_type event_type TYPE set(64) GRANULARITY 1,
    INDEX by_path path TYPE bloom_filter(0.01) GRANULARITY 2
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(timestamp)
-- Site, then hour: every report reads one site's span of time. Then session: its rows lie together, so that the columns
-- which are constant in a session (device, place, source) shrink to almost nothing, and uniqExact meets runs.
ORDER BY (site_id, toStartOfHour(timestamp), session_id, timestamp, event_index)
SETTINGS non_replicated_deduplication_window = 10000, min_bytes_for_wide_part = 10485760;

-- What has just arrived, for Live and the "first event" check: by arrival, a week of it, one day a part to drop.
CREATE TABLE events_recent
(
    site_id UInt32,
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    event_id UUID,
    event_type LowCardinality(String),
    interactive Bool,
    session_id UInt64,
    person_id UInt64,
    path String CODEC(ZSTD(1)),
    title String CODEC(ZSTD(1)),
    source LowCardinality(String),
    country LowCardinality(String),
    city LowCardinality(String),
    device_type LowCardinality(String),
    browser LowCardinality(String),
    revenue Decimal(18, 4),
    currency LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY toDate(received_at)
ORDER BY (site_id, received_at)
TTL toDateTime(received_at) + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW events_recent_mv TO events_recent AS
SELECT site_id, received_at, timestamp, event_id, event_type, interactive, session_id, person_id, path, title, source,
       country, city, device_type, browser, revenue, currency
FROM events
WHERE received_at > now64() - INTERVAL 7 DAY;
