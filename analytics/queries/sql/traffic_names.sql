-- The names in a map of counts of the period, the most frequent first: of all events, by quarters of an hour.
SELECT tupleElement(one, 1) AS name, sum(tupleElement(one, 2)) AS events
FROM
(
    SELECT arrayJoin(CAST($names, 'Array(Tuple(String, UInt64))')) AS one
    FROM traffic_15m
    WHERE site_id = {site:UInt32} AND bucket >= {start:DateTime64(3, 'UTC')} AND bucket < {end:DateTime64(3, 'UTC')}
)
WHERE name != ''
GROUP BY name
ORDER BY events DESC, name
LIMIT {most:UInt32}
