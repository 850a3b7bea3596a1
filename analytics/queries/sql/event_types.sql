-- Every event type of the period.
SELECT event_type, count() AS events, uniqExact(person), max(timestamp)
FROM ($events)
GROUP BY event_type
ORDER BY events DESC, event_type
LIMIT {most:UInt32}
