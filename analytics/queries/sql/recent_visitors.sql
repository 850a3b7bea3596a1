SELECT uniqExactMerge(visitors) FROM traffic_15m WHERE site_id = {site:UInt32} AND bucket > now() - INTERVAL {hours:UInt32} HOUR
