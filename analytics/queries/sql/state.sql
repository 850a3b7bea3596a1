-- What the planner has to know: is anybody identified in the period, was it sampled, and how fresh is the data.
SELECT
    sum(identified), sum(sampled),
    (SELECT max(watermark) FROM traffic_15m WHERE site_id = {site:UInt32})
FROM traffic_15m
WHERE site_id = {site:UInt32} AND bucket >= {start:DateTime('UTC')} - INTERVAL 1 DAY AND bucket < {end:DateTime('UTC')} + INTERVAL 1 DAY
