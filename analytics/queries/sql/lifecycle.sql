-- Known people by interval: new, returning, resurrecting, dormant.
SELECT
    position,
    countIf(has(active, position) AND first = position),
    countIf(has(active, position) AND first < position AND has(active, position - 1)),
    countIf(has(active, position) AND first < position AND NOT has(active, position - 1)),
    countIf(NOT has(active, position))
FROM
(
    SELECT person, groupUniqArray(at) AS active, min(at) AS first
    FROM
    (
        SELECT person, toInt32(indexOf({bounds:Array(UInt32)}, roundDown(toUnixTimestamp(timestamp), {bounds:Array(UInt32)}))) - 1 AS at
        FROM ($events)
    )
    GROUP BY person
)
ARRAY JOIN arrayDistinct(arrayConcat(active, arrayMap(p -> p + 1, active))) AS position
WHERE position >= 2 AND position < length({bounds:Array(UInt32)})
GROUP BY position
ORDER BY position
