-- What became of the events of the last hour, minute by minute.
SELECT minute, outcome, sum(events) AS number
FROM
(
    SELECT minute, outcome, reason, max(events) AS events
    FROM ingest_outcomes
    WHERE site_id = {site:UInt32} AND outcome != 'masked' AND minute >= toStartOfMinute(now() - INTERVAL 59 MINUTE)
    GROUP BY minute, outcome, reason
)
GROUP BY minute, outcome
ORDER BY minute, outcome
