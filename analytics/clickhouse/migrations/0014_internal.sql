-- Whether a session began on a page that another page of the site led to, after a longer pause: then it is no touch
-- (semantics.md, Attribution). In one number, of which the greatest is that of the first page view and an absent one counts
-- as none: its moment (ms) and index, inverted, and in the last bit whether it was reached from inside.
ALTER TABLE sessions ADD COLUMN IF NOT EXISTS began SimpleAggregateFunction(max, UInt64) CODEC(ZSTD(1));
INSERT INTO sessions (site_id, session_start, session_id, start, end, weight, began)
SELECT
    site_id, session_start, session_id, min(timestamp) AS start, max(timestamp) AS end, min(e.weight) AS weight,
    max(if(event_type = 'page_view', bitOr(bitAnd(bitNot(bitOr(bitShiftLeft(toUInt64(toUnixTimestamp64Milli(timestamp)), 22),
        bitShiftLeft(toUInt64(least(event_index, 2097151)), 1))), 18446744073709551614),
        toUInt64(e.channel = 'Direct' AND e.page_referrer != '')), 0)) AS began
FROM events AS e
GROUP BY site_id, session_start, session_id
SETTINGS max_bytes_before_external_group_by = 300000000, max_memory_usage = 4000000000;
-- Otherwise each session would stand in two rows until its parts are merged, which those of past months may never be.
OPTIMIZE TABLE sessions FINAL;
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
    min(e.weight) AS weight,
    max(if(event_type = 'page_view', bitOr(bitAnd(bitNot(bitOr(bitShiftLeft(toUInt64(toUnixTimestamp64Milli(timestamp)), 22),
        bitShiftLeft(toUInt64(least(event_index, 2097151)), 1))), 18446744073709551614),
        toUInt64(e.channel = 'Direct' AND e.page_referrer != '')), 0)) AS began
FROM events AS e
GROUP BY site_id, session_start, session_id;
DETACH TABLE sessions_mv;
ATTACH TABLE sessions_mv;
