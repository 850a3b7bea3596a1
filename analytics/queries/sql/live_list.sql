-- Where the people of the last 5 minutes are: the last page of each, with source and country.
SELECT path, source, country, count() AS people
FROM
(
    SELECT person_id, argMaxIf(path, received_at, event_type = 'page_view') AS path,
           max(e.source) AS source, max(e.country) AS country
    FROM events_recent AS e
    WHERE site_id = {site:UInt32} AND received_at > now64() - INTERVAL 5 MINUTE AND timestamp > now64() - INTERVAL 5 MINUTE
    GROUP BY person_id
)
GROUP BY path, source, country
ORDER BY people DESC, path
LIMIT 1000
