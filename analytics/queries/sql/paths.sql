-- Steps from one item to the next in each session, repeats in a row taken as one. A path that ends before the last step
-- leads to "(exit)". Steps are counted from the anchor at the start, or back from the anchor at the end.
-- An event is one number, which sorts and compares several times faster than its name: ms, event_index, then 55 bits of the
-- hash of its item. The names come back at the end.
WITH
    edges AS
    (
        SELECT step.1 AS number, step.2 AS source, step.3 AS target, count() AS sessions, uniqExact(person) AS people,
               quantileExactInclusive(0.5)(step.4) AS taken
        FROM
        (
            SELECT
                person,
                arrayJoin(arrayConcat(
                    arrayMap((i, one, next, began, ended) -> ($first + i, one, next, toNullable((ended - began) / 1000)),
                        range(1, toUInt32(length(codes))), arrayPopBack(codes), arrayPopFront(codes),
                        arrayPopBack(times), arrayPopFront(times)),
                    if($exit, [($first + length(codes), codes[-1], toUInt64(0), NULL)], [])
                )) AS step
            FROM
            (
                SELECT person, arrayMap(v -> $code_of, path) AS codes, arrayMap(v -> toInt64(bitShiftRight(v, 87)), path) AS times
                FROM
                (
                    SELECT person, $cut AS path
                    FROM
                    (
                        SELECT
                            any(person) AS person,
                            arraySort(groupArray(bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(timestamp)), 87),
                                bitOr(bitShiftLeft(toUInt128(event_index), 55), toUInt128($code))))) AS packed,
                            arrayMap(v -> $code_of, packed) AS all_codes,
                            arrayFilter((v, code, before) -> code != before, packed, all_codes, arrayShiftRight(all_codes, 1)) AS visits
                        FROM ($events)
                        GROUP BY session_id
                    )
                    WHERE $anchored
                )
            )
        )
        GROUP BY number, source, target
        ORDER BY sessions DESC, number, source, target
        LIMIT 100000
    ),
    names AS (SELECT $code AS code, any($item) AS item FROM (SELECT DISTINCT $raw FROM ($events)) GROUP BY code)
SELECT number, one.item, if(target = 0, '(exit)', next.item), sessions, people, taken
FROM edges LEFT JOIN names AS one ON one.code = source LEFT JOIN names AS next ON next.code = target
ORDER BY sessions DESC, number, one.item, next.item
