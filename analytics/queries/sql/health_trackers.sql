-- What sent the events of the last 24 hours: versions of the script or of a library, the most frequent first.
SELECT tracker, count() AS number, max(received_at) AS last_seen
FROM events
WHERE site_id = {site:UInt32} AND timestamp >= now64() - INTERVAL 24 HOUR
GROUP BY tracker
ORDER BY number DESC, tracker
LIMIT 10
