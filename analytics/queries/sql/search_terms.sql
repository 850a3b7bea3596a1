-- Searches by the hash of the words.
SELECT
    toString(event_properties.query_hash) AS term,
    max(toUInt32OrZero(toString(event_properties.query_length))),
    countIf(event_type = 'search') AS searches,
    uniqExactIf(person, event_type = 'search'),
    countIf(event_type = 'search' AND toString(event_properties.results_count) = '0'),
    uniqExactIf(session_id, event_type = 'search_result_click')
FROM ($events)
WHERE term != '' AND term != 'None'
GROUP BY term
HAVING searches > 0
ORDER BY searches DESC, term
LIMIT {most:UInt32}
