-- Gaps in event_index. A script counts from 0 on each page it is loaded on, so a session has several runs of numbers: of
-- each number it must have as many events as of any higher one. What is missing at the end of a run cannot be seen.
SELECT sum(events) AS observed, sum(runs * (event_index - previous)) AS expected
FROM
(
    SELECT
        events, event_index,
        max(events) OVER (PARTITION BY session_id ORDER BY event_index DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS runs,
        lagInFrame(toInt64(event_index), 1, toInt64(-1))
            OVER (PARTITION BY session_id ORDER BY event_index ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS previous
    FROM
    (
        SELECT session_id, event_index, count() AS events
        FROM events
        WHERE site_id = {site:UInt32} AND timestamp >= now64() - INTERVAL 24 HOUR AND tracker != '' AND event_index < 10000
        GROUP BY session_id, event_index
    )
)
