-- Metrics of sessions. `entered` is what bounce rate counts: with a page filter, the sessions that began on such a page.
SELECT $select
FROM
(
    SELECT f.*, $entered AS entered
    FROM ($folded) AS f
    WHERE $filter
) AS f $join
$group
$order
$limit
