-- Who was there in which quarter of an hour, with what is constant in a session: a fifth of the rows of events or fewer, and
-- the same answer for people, users, page views and events by any of these columns, also where people identify later.
-- `dims` tells apart the rest, which may differ within a session (a phone that changes its network changes its city).
CREATE TABLE visits
(
    site_id UInt32,
    bucket DateTime('UTC') CODEC(Delta, ZSTD(1)),
    session_id UInt64,
    person_id UInt64,
    is_user Bool,
    is_known Bool,
    dims UInt64,
    pageviews SimpleAggregateFunction(sum, UInt64),
    events SimpleAggregateFunction(sum, UInt64),
    errors SimpleAggregateFunction(sum, UInt64),
    hostname SimpleAggregateFunction(any, LowCardinality(String)),
    referrer SimpleAggregateFunction(any, LowCardinality(String)),
    source SimpleAggregateFunction(any, LowCardinality(String)),
    medium SimpleAggregateFunction(any, LowCardinality(String)),
    channel SimpleAggregateFunction(any, LowCardinality(String)),
    utm_source SimpleAggregateFunction(any, LowCardinality(String)),
    utm_medium SimpleAggregateFunction(any, LowCardinality(String)),
    utm_campaign SimpleAggregateFunction(any, LowCardinality(String)),
    utm_term SimpleAggregateFunction(any, LowCardinality(String)),
    utm_content SimpleAggregateFunction(any, LowCardinality(String)),
    click_id SimpleAggregateFunction(any, LowCardinality(String)),
    entry_page SimpleAggregateFunction(any, LowCardinality(String)),
    country SimpleAggregateFunction(any, LowCardinality(String)),
    region SimpleAggregateFunction(any, LowCardinality(String)),
    city SimpleAggregateFunction(any, LowCardinality(String)),
    timezone SimpleAggregateFunction(any, LowCardinality(String)),
    language SimpleAggregateFunction(any, LowCardinality(String)),
    browser SimpleAggregateFunction(any, LowCardinality(String)),
    browser_version SimpleAggregateFunction(any, LowCardinality(String)),
    os SimpleAggregateFunction(any, LowCardinality(String)),
    os_version SimpleAggregateFunction(any, LowCardinality(String)),
    device_type SimpleAggregateFunction(any, LowCardinality(String)),
    screen_resolution SimpleAggregateFunction(any, LowCardinality(String)),
    viewport_size SimpleAggregateFunction(any, LowCardinality(String)),
    user_segment SimpleAggregateFunction(any, LowCardinality(String))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(bucket)
ORDER BY (site_id, bucket, session_id, person_id, is_user, is_known, dims)
SETTINGS non_replicated_deduplication_window = 10000, default_compression_codec = 'ZSTD(1)';

-- A database that holds events already: they go in before the view does, while nothing is written (an upgrade stops the worker).
TRUNCATE TABLE visits;
INSERT INTO visits (site_id, bucket, session_id, person_id, is_user, is_known, dims, pageviews, events, errors,
    hostname, referrer, source, medium, channel, utm_source, utm_medium, utm_campaign, utm_term, utm_content, click_id, entry_page, country, region, city, timezone, language, browser, browser_version, os, os_version, device_type, screen_resolution, viewport_size, user_segment)
SELECT
    site_id, toStartOfInterval(timestamp, INTERVAL 15 MINUTE) AS bucket, session_id, person_id,
    user_id != '' AS is_user, user_id != '' OR device_id != 0 AS is_known,
    cityHash64(e.hostname, e.referrer, e.source, e.medium, e.channel, e.utm_source,
        e.utm_medium, e.utm_campaign, e.utm_term, e.utm_content, e.click_id, e.entry_page,
        e.country, e.region, e.city, e.timezone, e.language, e.browser,
        e.browser_version, e.os, e.os_version, e.device_type, e.screen_resolution, e.viewport_size,
        e.user_segment) AS dims,
    countIf(event_type = 'page_view') AS pageviews, count() AS events, countIf(event_type = 'error') AS errors,
    any(e.hostname) AS hostname, any(e.referrer) AS referrer, any(e.source) AS source, any(e.medium) AS medium, any(e.channel) AS channel,
    any(e.utm_source) AS utm_source, any(e.utm_medium) AS utm_medium, any(e.utm_campaign) AS utm_campaign, any(e.utm_term) AS utm_term, any(e.utm_content) AS utm_content,
    any(e.click_id) AS click_id, any(e.entry_page) AS entry_page, any(e.country) AS country, any(e.region) AS region, any(e.city) AS city,
    any(e.timezone) AS timezone, any(e.language) AS language, any(e.browser) AS browser, any(e.browser_version) AS browser_version, any(e.os) AS os,
    any(e.os_version) AS os_version, any(e.device_type) AS device_type, any(e.screen_resolution) AS screen_resolution, any(e.viewport_size) AS viewport_size, any(e.user_segment) AS user_segment
FROM events AS e
GROUP BY site_id, bucket, session_id, person_id, is_user, is_known, dims
SETTINGS max_bytes_before_external_group_by = 300000000, max_memory_usage = 4000000000;

CREATE MATERIALIZED VIEW visits_mv TO visits AS
SELECT
    site_id, toStartOfInterval(timestamp, INTERVAL 15 MINUTE) AS bucket, session_id, person_id,
    user_id != '' AS is_user, user_id != '' OR device_id != 0 AS is_known,
    cityHash64(e.hostname, e.referrer, e.source, e.medium, e.channel, e.utm_source,
        e.utm_medium, e.utm_campaign, e.utm_term, e.utm_content, e.click_id, e.entry_page,
        e.country, e.region, e.city, e.timezone, e.language, e.browser,
        e.browser_version, e.os, e.os_version, e.device_type, e.screen_resolution, e.viewport_size,
        e.user_segment) AS dims,
    countIf(event_type = 'page_view') AS pageviews, count() AS events, countIf(event_type = 'error') AS errors,
    any(e.hostname) AS hostname, any(e.referrer) AS referrer, any(e.source) AS source, any(e.medium) AS medium, any(e.channel) AS channel,
    any(e.utm_source) AS utm_source, any(e.utm_medium) AS utm_medium, any(e.utm_campaign) AS utm_campaign, any(e.utm_term) AS utm_term, any(e.utm_content) AS utm_content,
    any(e.click_id) AS click_id, any(e.entry_page) AS entry_page, any(e.country) AS country, any(e.region) AS region, any(e.city) AS city,
    any(e.timezone) AS timezone, any(e.language) AS language, any(e.browser) AS browser, any(e.browser_version) AS browser_version, any(e.os) AS os,
    any(e.os_version) AS os_version, any(e.device_type) AS device_type, any(e.screen_resolution) AS screen_resolution, any(e.viewport_size) AS viewport_size, any(e.user_segment) AS user_segment
FROM events AS e
GROUP BY site_id, bucket, session_id, person_id, is_user, is_known, dims;

-- The people of a cohort, as of its last calculation; `version` is the moment of it.
CREATE TABLE cohort_people
(
    site_id UInt32,
    cohort_id UInt32,
    version UInt32,
    person UInt64
)
ENGINE = MergeTree
ORDER BY (site_id, cohort_id, version, person);
