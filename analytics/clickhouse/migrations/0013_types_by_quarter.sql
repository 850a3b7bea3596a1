-- How many events of which type, and how many that carry which A/B test, there were in each quarter of an hour: the lists to
-- choose from need no more than their names.
ALTER TABLE traffic_15m DROP COLUMN IF EXISTS types, DROP COLUMN IF EXISTS tests SETTINGS mutations_sync = 2;
ALTER TABLE traffic_15m ADD COLUMN IF NOT EXISTS types SimpleAggregateFunction(sumMap, Map(String, UInt64));
ALTER TABLE traffic_15m ADD COLUMN IF NOT EXISTS tests SimpleAggregateFunction(sumMap, Map(String, UInt64));
INSERT INTO traffic_15m (site_id, bucket, types, tests)
SELECT
    site_id, toStartOfInterval(timestamp, INTERVAL 15 MINUTE) AS bucket, sumMap(map(event_type, toUInt64(1))) AS types,
    sumMap(mapFromArrays(mapKeys(variants), arrayMap(one -> toUInt64(1), mapKeys(variants)))) AS tests
FROM events
GROUP BY site_id, bucket;
ALTER TABLE traffic_15m_mv MODIFY QUERY
SELECT
    site_id, toStartOfInterval(timestamp, INTERVAL 15 MINUTE) AS bucket,
    countIf(event_type = 'page_view') AS pageviews,
    count() AS events,
    countIf(user_id != '') AS identified,
    uniqExactState(person_id) AS visitors,
    countIf(weight != 1) AS sampled,
    max(received_at) AS watermark,
    sumMap(map(event_type, toUInt64(1))) AS types,
    sumMap(mapFromArrays(mapKeys(variants), arrayMap(one -> toUInt64(1), mapKeys(variants)))) AS tests
FROM events
GROUP BY site_id, bucket;
DETACH TABLE traffic_15m_mv;
ATTACH TABLE traffic_15m_mv;
