-- What waits to be replayed (rejected) or re-admitted (bots): the latest of each reason and field.
SELECT 'rejected' AS kind, reason, field, count() AS number, max(received_at) AS last_seen,
       argMax(substring(payload, 1, 4000), received_at) AS example
FROM rejected_events
WHERE site_id = {site:UInt32}
GROUP BY reason, field
ORDER BY number DESC, reason, field
LIMIT 50
UNION ALL
SELECT 'bot' AS kind, reason, '' AS field, count() AS number, max(received_at) AS last_seen,
       argMax(substring(payload, 1, 4000), received_at) AS example
FROM bot_events
WHERE site_id = {site:UInt32}
GROUP BY reason
ORDER BY number DESC, reason
LIMIT 50
