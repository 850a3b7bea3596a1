-- One row a session, for the sessions that began in the period, or so many days earlier. The stamp in the key lies within a
-- day of the true start.
SELECT
    s.session_id AS session_id, min(s.start) AS start, max(s.end) AS end$columns
FROM sessions AS s
WHERE s.site_id = {site:UInt32}
  AND s.session_start >= {$start:DateTime64(3, 'UTC')} - INTERVAL $earlier DAY - INTERVAL 1 DAY
  AND s.session_start < {end:DateTime64(3, 'UTC')} + INTERVAL 1 DAY
  AND ($wanted)
GROUP BY s.site_id, s.session_start, s.session_id
HAVING min(s.start) >= {$start:DateTime64(3, 'UTC')} - INTERVAL $earlier DAY AND min(s.start) < {end:DateTime64(3, 'UTC')}
