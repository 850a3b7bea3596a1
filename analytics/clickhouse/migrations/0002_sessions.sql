-- One row a session once merged; until then several, which every query folds by GROUP BY session_id. session_start is
-- the writer's stamp and part of the key; `start` is the true first event (a late one may lie a little before the stamp).
CREATE TABLE sessions
(
    site_id UInt32,
    session_start DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    session_id UInt64,
    start SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    end SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    visitor_id SimpleAggregateFunction(max, UInt64),
    user_person SimpleAggregateFunction(max, UInt64),
    pageviews SimpleAggregateFunction(sum, UInt64),
    interactions SimpleAggregateFunction(sum, UInt64),
    events SimpleAggregateFunction(sum, UInt64),
    errors SimpleAggregateFunction(sum, UInt64),
    engaged_ms SimpleAggregateFunction(sum, UInt64),
    entry_page AggregateFunction(argMinIf, String, Tuple(DateTime64(3, 'UTC'), UInt32), UInt8),
    exit_page AggregateFunction(argMaxIf, String, Tuple(DateTime64(3, 'UTC'), UInt32), UInt8),
    hostname SimpleAggregateFunction(max, LowCardinality(String)),
    referrer SimpleAggregateFunction(max, String),
    source SimpleAggregateFunction(max, LowCardinality(String)),
    medium SimpleAggregateFunction(max, LowCardinality(String)),
    channel SimpleAggregateFunction(max, LowCardinality(String)),
    utm_source SimpleAggregateFunction(max, LowCardinality(String)),
    utm_medium SimpleAggregateFunction(max, LowCardinality(String)),
    utm_campaign SimpleAggregateFunction(max, LowCardinality(String)),
    utm_term SimpleAggregateFunction(max, LowCardinality(String)),
    utm_content SimpleAggregateFunction(max, LowCardinality(String)),
    country SimpleAggregateFunction(max, LowCardinality(String)),
    region SimpleAggregateFunction(max, LowCardinality(String)),
    city SimpleAggregateFunction(max, LowCardinality(String)),
    timezone SimpleAggregateFunction(max, LowCardinality(String)),
    language SimpleAggregateFunction(max, LowCardinality(String)),
    browser SimpleAggregateFunction(max, LowCardinality(String)),
    browser_version SimpleAggregateFunction(max, LowCardinality(String)),
    os SimpleAggregateFunction(max, LowCardinality(String)),
    os_version SimpleAggregateFunction(max, LowCardinality(String)),
    device_type SimpleAggregateFunction(max, LowCardinality(String)),
    screen_resolution SimpleAggregateFunction(max, LowCardinality(String)),
    user_segment SimpleAggregateFunction(max, LowCardinality(String))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(session_start)
-- A report asks for the sessions of one site that began in a span of time.
ORDER BY (site_id, session_start, session_id)
SETTINGS non_replicated_deduplication_window = 10000;

-- The window of 10,000 blocks on each target makes a repeated insert (same token) count once here too.
CREATE MATERIALIZED VIEW sessions_mv TO sessions AS
SELECT
    site_id, session_start, session_id,
    min(timestamp) AS start, max(timestamp) AS end,
    max(e.visitor_id) AS visitor_id,
    max(if(user_id = '', 0, person_id)) AS user_person,
    countIf(event_type = 'page_view') AS pageviews,
    countIf(interactive) AS interactions,
    count() AS events,
    countIf(event_type = 'error') AS errors,
    sum(e.engaged_ms) AS engaged_ms,
    argMinIfState(path, (timestamp, event_index), event_type = 'page_view') AS entry_page,
    argMaxIfState(path, (timestamp, event_index), event_type = 'page_view') AS exit_page,
    max(e.hostname) AS hostname, max(e.referrer) AS referrer, max(e.source) AS source, max(e.medium) AS medium,
    max(e.channel) AS channel, max(e.utm_source) AS utm_source, max(e.utm_medium) AS utm_medium,
    max(e.utm_campaign) AS utm_campaign, max(e.utm_term) AS utm_term, max(e.utm_content) AS utm_content,
    max(e.country) AS country, max(e.region) AS region, max(e.city) AS city, max(e.timezone) AS timezone,
    max(e.language) AS language, max(e.browser) AS browser, max(e.browser_version) AS browser_version, max(e.os) AS os,
    max(e.os_version) AS os_version, max(e.device_type) AS device_type,
    max(e.screen_resolution) AS screen_resolution, max(e.user_segment) AS user_segment
FROM events AS e
GROUP BY site_id, session_start, session_id;
