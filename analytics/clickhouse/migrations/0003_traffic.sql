-- The hourly rollup, cut in quarters: Kathmandu is 5:45 and Lord Howe 10:30 from UTC, and every zone of today starts its
-- hours and days on a quarter, so one table answers hours, days, weeks and months of any site without a raw row.
CREATE TABLE traffic_15m
(
    site_id UInt32,
    bucket DateTime('UTC') CODEC(Delta, ZSTD(1)),
    pageviews SimpleAggregateFunction(sum, UInt64),
    events SimpleAggregateFunction(sum, UInt64),
    -- Events with a user: where there are any, people have to be counted from raw rows (sessions join users later).
    identified SimpleAggregateFunction(sum, UInt64),
    visitors AggregateFunction(uniqExact, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYear(bucket)
ORDER BY (site_id, bucket)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW traffic_15m_mv TO traffic_15m AS
SELECT
    site_id, toStartOfInterval(timestamp, INTERVAL 15 MINUTE) AS bucket,
    countIf(event_type = 'page_view') AS pageviews,
    count() AS events,
    countIf(user_id != '') AS identified,
    uniqExactState(person_id) AS visitors
FROM events
GROUP BY site_id, bucket;
