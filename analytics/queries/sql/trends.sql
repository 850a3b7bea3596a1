-- Each series by bucket and group, and once more over the whole period, in which a person counts once.
SELECT grouping(at) AS is_total, at, group_value, $select
FROM
(
    SELECT *, $flags, toString($group) AS group_value,
           roundDown(toUnixTimestamp(timestamp), {bucket_starts:Array(UInt32)}) AS at
    FROM ($events)
)
GROUP BY GROUPING SETS ((at, group_value), (group_value))
LIMIT 200000
