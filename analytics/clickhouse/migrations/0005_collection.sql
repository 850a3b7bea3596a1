-- Sampling: an event stands for `weight` events, a session for as many as the least of its events (what is kept whole of a
-- visitor is kept for all of them). traffic_15m only has to know that there is any, as then raw rows are asked.
ALTER TABLE events ADD COLUMN IF NOT EXISTS weight Float32 DEFAULT 1 AFTER ttfb;
ALTER TABLE events ADD COLUMN IF NOT EXISTS tracker LowCardinality(String) AFTER weight;
ALTER TABLE sessions ADD COLUMN IF NOT EXISTS weight SimpleAggregateFunction(min, Float32) DEFAULT 1;
ALTER TABLE traffic_15m ADD COLUMN IF NOT EXISTS sampled SimpleAggregateFunction(sum, UInt64);

ALTER TABLE sessions_mv MODIFY QUERY
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
    max(e.screen_resolution) AS screen_resolution, max(e.user_segment) AS user_segment,
    min(e.weight) AS weight
FROM events AS e
GROUP BY site_id, session_start, session_id;

-- A view whose query was modified names its blocks otherwise than after the next restart of the server, and a batch that is
-- repeated across that restart would count twice in it. Attached anew, it is at once as the restart would load it.
DETACH TABLE sessions_mv;
ATTACH TABLE sessions_mv;

ALTER TABLE traffic_15m_mv MODIFY QUERY
SELECT
    site_id, toStartOfInterval(timestamp, INTERVAL 15 MINUTE) AS bucket,
    countIf(event_type = 'page_view') AS pageviews,
    count() AS events,
    countIf(user_id != '') AS identified,
    uniqExactState(person_id) AS visitors,
    countIf(weight != 1) AS sampled
FROM events
GROUP BY site_id, bucket;
DETACH TABLE traffic_15m_mv;
ATTACH TABLE traffic_15m_mv;

-- When an event could be seen, for the freshness of the data (semantics.md, Data quality).
ALTER TABLE events_recent ADD COLUMN IF NOT EXISTS inserted_at DateTime('UTC') DEFAULT now();
