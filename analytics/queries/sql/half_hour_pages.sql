-- Where the people of the last half hour have been.
SELECT path, uniqExact(person_id) AS people
FROM events_recent
WHERE site_id = {site:UInt32} AND received_at > now64() - INTERVAL 30 MINUTE AND timestamp > now64() - INTERVAL 30 MINUTE
  AND event_type = 'page_view'
GROUP BY path
ORDER BY people DESC, path
LIMIT 10
