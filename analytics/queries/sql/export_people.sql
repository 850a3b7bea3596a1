-- The people of a span of time.
SELECT $select
FROM ($events)
GROUP BY person
ORDER BY person
