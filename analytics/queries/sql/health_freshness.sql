-- How long events took from arrival until they could be seen; inserted_at has whole seconds, so half of one is taken off.
SELECT
    count() AS events,
    countIf(delay <= 60) AS in_time,
    quantileExact(0.5)(delay) AS p50,
    quantileExact(0.95)(delay) AS p95,
    max(received_at) AS last_received
FROM
(
    SELECT received_at, greatest(0, toUnixTimestamp(inserted_at) + 0.5 - toUnixTimestamp64Milli(received_at) / 1000) AS delay
    FROM events_recent
    WHERE site_id = {site:UInt32} AND received_at >= now64() - INTERVAL 24 HOUR
)
