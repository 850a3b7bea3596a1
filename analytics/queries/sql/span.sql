-- When the first event of a site happened, and whether there is any.
SELECT min(bucket), sum(events) FROM traffic_15m WHERE site_id = {site:UInt32}
