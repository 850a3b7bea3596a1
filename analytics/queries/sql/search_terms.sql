-- Searches by the hash of the words.
SELECT
    `props.query_hash` AS term,
    max(toUInt32OrZero(`props.query_length`)),
    countIf(event_type = 'search') AS searches,
    uniqExactIf(person, event_type = 'search'),
    countIf(event_type = 'search' AND `props.results_count` = '0'),
    uniqExactIf(session_id, event_type = 'search_result_click')
FROM ($events)
WHERE term != ''
GROUP BY term
HAVING searches > 0
ORDER BY searches DESC, term
LIMIT {most:UInt32}
