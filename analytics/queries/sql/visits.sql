-- People and their page views from the rollup of visits, by what is constant in a session.
SELECT $select
FROM
(
    SELECT e.*, $person AS person, $knows_user AS knows_user
    FROM visits AS e $join_users
    WHERE e.site_id = {site:UInt32} AND e.bucket >= {start:DateTime64(3, 'UTC')} AND e.bucket < {end:DateTime64(3, 'UTC')}
) AS e
WHERE $filter
$group
$order
$limit
