-- The tests that people are in, the largest first.
SELECT name, uniqExact(person) AS people
FROM (SELECT person, arrayJoin(mapKeys(variants)) AS name FROM ($events))
WHERE name != ''
GROUP BY name
ORDER BY people DESC, name
LIMIT 100
