-- The days of a site, for what the planner and the answers in memory have to know of them.
SELECT toDate(bucket) AS day, max(watermark), sum(events), sum(identified), sum(sampled)
FROM traffic_15m
WHERE site_id = {site:UInt32}
GROUP BY day
ORDER BY day
