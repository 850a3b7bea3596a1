-- The event types of the period, the most frequent first, from the rollup of visits.
SELECT tupleElement(kind, 1) AS name, sum(tupleElement(kind, 2)) AS events
FROM (SELECT arrayJoin(CAST(types, 'Array(Tuple(String, UInt64))')) AS kind FROM ($visits))
GROUP BY name
ORDER BY events DESC, name
LIMIT {most:UInt32}
