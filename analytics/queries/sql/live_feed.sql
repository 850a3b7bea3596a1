-- What happened last, newest first; measurements and pings are not news.
SELECT received_at, event_type, path, title, source, country, city, device_type, browser, revenue, currency,
       hex(cityHash64(session_id, timestamp, event_type, path)) AS key
FROM events_recent
WHERE site_id = {site:UInt32} AND received_at > now64() - INTERVAL 30 MINUTE AND timestamp > now64() - INTERVAL 30 MINUTE
  AND event_type NOT IN ('page_exit', 'route_change', 'scroll', 'page_performance', 'api_performance', 'session_start', 'session_end')
ORDER BY received_at DESC, timestamp DESC
LIMIT 40
