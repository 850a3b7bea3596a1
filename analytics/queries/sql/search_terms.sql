-- Searches by the hash of the words.
SELECT
    ifNull(event_properties.query_hash.:String, '') AS term,
    max(toUInt32(greatest(ifNull(event_properties.query_length.:Int64, 0), 0))),
    countIf(event_type = 'search') AS searches,
    uniqExactIf(person, event_type = 'search'),
    countIf(event_type = 'search' AND event_properties.results_count.:Int64 = 0),
    uniqExactIf(session_id, event_type = 'search_result_click')
FROM ($events)
WHERE term != ''
GROUP BY term
HAVING searches > 0
ORDER BY searches DESC, term
LIMIT {most:UInt32}
