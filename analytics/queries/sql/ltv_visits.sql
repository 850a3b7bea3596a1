-- The same moments: beginnings from the rollup of visits, sales from the events.
SELECT
    person, toUnixTimestamp64Milli(first_moment) AS at, 0 AS nth, toString($by) AS says, true AS begins,
    toDecimal128(0, 4) AS brought, '' AS sale
FROM ($visits)
UNION ALL
$sales
