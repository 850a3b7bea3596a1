-- People with an event in the last 5 minutes, and page views by minute over the last 30. By arrival, which the table is
-- sorted by; and by the event's own time, for an imported history arrives now and happened long ago.
SELECT
    uniqExactIf(person_id, timestamp > now64() - INTERVAL 5 MINUTE),
    uniqExact(person_id),
    countIf(event_type = 'page_view'),
    sumMap(map(dateDiff('minute', toStartOfMinute(timestamp), toStartOfMinute(now())), toUInt64(event_type = 'page_view')))
FROM events_recent
WHERE site_id = {site:UInt32} AND received_at > now64() - INTERVAL 30 MINUTE AND timestamp > now64() - INTERVAL 30 MINUTE
