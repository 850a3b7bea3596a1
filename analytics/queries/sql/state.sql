-- What the planner has to know: is anybody identified in the period, and how fresh is the data.
SELECT
    (SELECT sum(identified) FROM traffic_15m
     WHERE site_id = {site:UInt32} AND bucket >= {start:DateTime('UTC')} - INTERVAL 1 DAY AND bucket < {end:DateTime('UTC')} + INTERVAL 1 DAY),
    (SELECT max(received_at) FROM events_recent WHERE site_id = {site:UInt32})
