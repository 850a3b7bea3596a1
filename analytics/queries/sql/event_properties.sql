-- The properties of some events: how often each is there, how many values it has, and the commonest of them.
SELECT pair.1 AS name, count() AS events, uniq(pair.2), (topK(5, 10, 'counts')(substring(pair.2, 1, 120)) AS top).1, top.2
FROM
(
    SELECT arrayJoin(JSONExtractKeysAndValuesRaw(toString(event_properties))) AS raw, (raw.1, trim(BOTH '"' FROM raw.2)) AS pair
    FROM ($events)
    LIMIT 500000
)
GROUP BY name
ORDER BY events DESC, name
LIMIT {most:UInt32}
