-- The same as trends where the rollup of visits knows the events: n0, n1 … are how many of each series are in a row.
SELECT grouping(at) AS is_total, at, group_value, $select
FROM
(
    SELECT person, session_id, $counts, toString($group) AS group_value,
           roundDown(toUnixTimestamp(timestamp), {bucket_starts:Array(UInt32)}) AS at
    FROM ($visits)
)
GROUP BY GROUPING SETS ((at, group_value), (group_value))
LIMIT 200000
