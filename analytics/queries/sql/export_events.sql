-- The events of a span of time, oldest first.
SELECT $select
FROM events AS e
WHERE e.site_id = {site:UInt32} AND e.timestamp >= {start:DateTime64(3, 'UTC')} AND e.timestamp < {end:DateTime64(3, 'UTC')}
ORDER BY e.timestamp, e.session_id, e.event_index
