-- What became of the events since a moment, by outcome and reason, and when that was last seen.
SELECT outcome, reason, sum(events) AS number, max(minute) AS last_seen
FROM
(
    SELECT minute, outcome, reason, max(events) AS events
    FROM ingest_outcomes
    WHERE site_id = {site:UInt32} AND outcome != 'masked' AND minute >= {since:DateTime('UTC')}
    GROUP BY minute, outcome, reason
)
GROUP BY outcome, reason
ORDER BY number DESC, outcome, reason
