-- Visitors of the last 24 hours, hour by hour back from now; from the rollup.
SELECT
    intDiv(dateDiff('minute', bucket, now()), 60) AS hours_ago, uniqExactMerge(visitors) AS people
FROM traffic_15m
WHERE site_id = {site:UInt32} AND bucket > now() - INTERVAL 24 HOUR
GROUP BY hours_ago
ORDER BY hours_ago
