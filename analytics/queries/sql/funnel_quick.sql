-- The same as funnel_actors for steps in order and without exclusions. Each event is one number, which sorts several times faster
-- than a tuple: ms, then event_index, then the bits of its steps. Inside a run of events that fit the same single step none
-- can matter: the newest start is at its end, the first to come there at its beginning.
SELECT actor, group_value, arraySlice([$moments], 1, level) AS chain, toUInt8(0) AS excluded
FROM
(
    SELECT actor, group_value, times, level, $names, arrayFirst(x -> x != 0, $furthest) AS began
    FROM
    (
        SELECT actor, group_value, times, $names, toUInt8($level) AS level
        FROM
        (
            SELECT
                actor,
                group_value,
                arrayMap(x -> toInt64(bitShiftRight(x, 64)), packed) AS times,
                arrayMap(x -> toUInt32(bitAnd(x, 4294967295)), packed) AS marks,
                $walk
            FROM
            (
                SELECT
                    $actor AS actor,
                    -- Most take the first step alone: of theirs the first is enough.
                    arraySort(if(groupBitOr(steps) = 1, [min(one)], groupArray(one))) AS every,
                    arrayMap(x -> toUInt32(bitAnd(x, 4294967295)), every) AS fits,
                    arrayFilter((x, fit, before, after) -> NOT (fit = before AND fit = after AND bitAnd(fit, fit - 1) = 0),
                        every, fits, arrayShiftRight(fits, 1), arrayShiftLeft(fits, 1)) AS packed,
                    $group_value AS group_value
                FROM
                (
                    SELECT *, toUInt32($step_mask) AS steps, bitOr(bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(timestamp)), 64),
                        bitShiftLeft(toUInt128(event_index), 32)), toUInt128(steps)) AS one
                    FROM ($events)
                )
                WHERE steps != 0
                GROUP BY actor
                HAVING max(bitTest(steps, 0))
            )
        )
    )
)
