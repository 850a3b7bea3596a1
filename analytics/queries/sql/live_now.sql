-- People with an event in the last 5 minutes, and by minute over the last 30, by arrival.
SELECT
    uniqExactIf(person_id, received_at > now64() - INTERVAL 5 MINUTE),
    uniqExact(person_id),
    countIf(event_type = 'page_view'),
    sumMap(map(dateDiff('minute', toStartOfMinute(received_at), toStartOfMinute(now())), toUInt64(event_type = 'page_view')))
FROM events_recent
WHERE site_id = {site:UInt32} AND received_at > now64() - INTERVAL 30 MINUTE
