-- The sessions that began in a span of time, oldest first.
SELECT $select
FROM ($folded) AS s
ORDER BY s.start, s.session_id
