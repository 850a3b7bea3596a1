-- Steps from one item to the next in each session, repeats in a row taken as one. A path that ends before the last step
-- leads to 0. Steps are counted from the anchor at the start, or back from the anchor at the end.
SELECT step.1 AS number, step.2 AS source, step.3 AS target, count() AS sessions, uniqExact(person), quantileExactInclusive(0.5)(step.4)
FROM
(
    SELECT
        person,
        arrayJoin(arrayConcat(
            arrayMap((i, one, next, began, ended) -> ($first + i, one, next, toNullable((ended - began) / 1000)),
                range(1, toUInt32(length(codes))), arrayPopBack(codes), arrayPopFront(codes), arrayPopBack(times), arrayPopFront(times)),
            if($exit, [($first + length(codes), codes[-1], toUInt64(0), NULL)], [])
        )) AS step
    FROM
    (
        SELECT person, arrayMap(v -> $code_of, path) AS codes, arrayMap(v -> toInt64(bitShiftRight(v, 87)), path) AS times
        FROM (SELECT person, $cut AS path FROM ($sessions) WHERE $anchored)
    )
)
GROUP BY number, source, target
ORDER BY sessions DESC, number, source, target
LIMIT 100000
