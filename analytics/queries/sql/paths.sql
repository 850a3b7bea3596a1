-- Steps from one item to the next in each session, repeats in a row taken as one. A path that ends before the last step
-- leads to "(exit)". Steps are counted from the anchor at the start, or back from the anchor at the end.
SELECT step.1 AS number, step.2 AS source, step.3 AS target, count() AS sessions, uniqExact(person), quantileExactInclusive(0.5)(step.4)
FROM
(
    SELECT
        person,
        arrayJoin(arrayConcat(
            arrayMap(i -> ($first + i, path[i].3, path[i + 1].3, toNullable((path[i + 1].1 - path[i].1) / 1000)),
                range(1, toUInt32(length(path)))),
            if($exit, [($first + length(path), path[-1].3, '(exit)', NULL)], [])
        )) AS step
    FROM
    (
        SELECT person, $cut AS path
        FROM
        (
            SELECT
                any(person) AS person,
                arraySort(groupArray((toUnixTimestamp64Milli(timestamp), event_index, $item))) AS all_visits,
                arrayFilter((v, i, before) -> i = 1 OR v.3 != before, all_visits, arrayEnumerate(all_visits),
                    arrayShiftRight(arrayMap(v -> v.3, all_visits), 1)) AS visits
            FROM ($events)
            GROUP BY session_id
        )
        WHERE $anchored
    )
)
GROUP BY number, source, target
ORDER BY sessions DESC, number, source, target
LIMIT 100000
