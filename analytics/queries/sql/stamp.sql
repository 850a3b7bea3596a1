-- The state of what a statement can see.
SELECT max(watermark), sum(events) FROM traffic_15m
WHERE site_id = {site:UInt32} AND bucket < toDateTime({end:DateTime64(3, 'UTC')}) + INTERVAL 2 DAY
