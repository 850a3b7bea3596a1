-- Who was there, by quarters of an hour, with the person behind each visit.
SELECT *
FROM
(
    SELECT e.* EXCEPT (is_known), toDateTime64(e.bucket, 3, 'UTC') AS timestamp, $person AS person, $known AS is_known
    FROM visits AS e $join_users
    WHERE e.site_id = {site:UInt32} AND e.bucket >= {$start:DateTime64(3, 'UTC')} AND e.bucket < {end:DateTime64(3, 'UTC')}
) AS e
WHERE ($filter) AND ($wanted)
