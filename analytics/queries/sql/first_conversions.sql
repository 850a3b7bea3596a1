-- The first conversion of those who had none before the period.
SELECT *
FROM ($events)
WHERE person NOT IN (SELECT person FROM ($earlier))
ORDER BY timestamp, event_index
LIMIT 1 BY person
