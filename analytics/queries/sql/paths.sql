-- Steps from one item to the next in each session, repeats in a row taken as one. A path that ends before the last step
-- leads to 0. Steps are counted from the anchor at the start, or back from the anchor at the end.
SELECT
    number, source, target, count() AS sessions, uniqExact(person),
    quantileExactInclusiveIf(0.5)(toUInt32(took), took >= 0) / 1000
FROM
(
    SELECT person, $first + place AS number, source, target, took
    FROM
    (
        SELECT
            person, codes,
            arrayPopFront(arrayResize(codes, toUInt32(length(codes) + toUInt8($exit)), toUInt64(0))) AS targets,
            arrayResize(arrayPopFront(arrayDifference(times)), toUInt32(length(targets)), toInt64(-1)) AS seconds
        FROM
        (
            SELECT person, arrayMap(v -> $code_of, path) AS codes, arrayMap(v -> toInt64(bitShiftRight(v, 87)), path) AS times
            FROM (SELECT person, $cut AS path FROM ($sessions) WHERE $anchored)
        )
    )
    ARRAY JOIN arrayResize(codes, toUInt32(length(targets))) AS source, targets AS target, seconds AS took, arrayEnumerate(targets) AS place
)
GROUP BY number, source, target
ORDER BY sessions DESC, number, source, target
LIMIT 100000
