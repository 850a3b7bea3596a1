-- The tests that events carry, the most frequent first.
SELECT arrayJoin(mapKeys(variants)) AS name, count() AS events
FROM ($events)
WHERE name != ''
GROUP BY name
ORDER BY events DESC, name
LIMIT {most:UInt32}
