-- The tests that people are in, the largest first: for the order it is enough who an event says it was.
SELECT name, uniqExact(person) AS people
FROM (SELECT person, arrayJoin(mapKeys(variants)) AS name FROM ($events))
WHERE name != ''
GROUP BY name
ORDER BY people DESC, name
LIMIT 100
