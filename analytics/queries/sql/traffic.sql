-- The same figures from the quarter-hour rollup: no filter, no dimension but time, nobody identified.
SELECT $select
FROM traffic_15m AS t
WHERE t.site_id = {site:UInt32} AND t.bucket >= {start:DateTime64(3, 'UTC')} AND t.bucket < {end:DateTime64(3, 'UTC')}
$group
$order
$limit
