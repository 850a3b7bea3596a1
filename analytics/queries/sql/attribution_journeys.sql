-- Of each person who touched ($join: LEFT) or converted as well (INNER): a row for each conversion with the touches in its
-- look-back, and one for what they did without converting after the last; `is_seen` marks the row with all touches of the
-- period. A touch is (ms, value, direct?). An order that is sent twice is one conversion. `decays`: billionths that each
-- touch gets by time decay, but for what does not divide. Each part is a level of the statement: within one, ClickHouse
-- writes an alias out wherever it is used, and reading such a statement took longer than answering it.
SELECT
    journey.1 AS path, journey.2 AS paid, journey.3 AS is_first, journey.4 AS decays,
    journey.5 AS is_conversion, journey.6 AS is_miss, journey.7 AS is_seen
FROM
(
    SELECT
        arrayJoin(arrayConcat(
            arrayMap((bought, led, raw) -> (led, bought.2, bought.3, arrayMap(d -> toInt64(floor(1000000000 * d / arraySum(raw))), raw),
                1, 0, 0), conversions, leading, halving),
            [(arrayFilter(t -> t.1 > latest AND t.1 >= began, touched), toDecimal128(0, 4), 0, CAST([], 'Array(Int64)'), 0, 1,
                toUInt8(empty(conversions)))],
            -- Of who converted, so over one element or none: an if() would filter for all.
            arrayMap(one -> (arrayFilter(t -> t.1 >= began, touched), toDecimal128(0, 4), 0, CAST([], 'Array(Int64)'), 0, 0, 1),
                arraySlice(conversions, 1, 1))
        )) AS journey
    FROM
    (
        SELECT
            touched, conversions, latest, began, leading,
            arrayMap((bought, led) -> arrayMap(t -> exp2((t.1 - bought.1) / 604800000), led), conversions, leading) AS halving
        FROM
        (
            SELECT
                touched, conversions, arrayMax(conversions.1) AS latest, toUnixTimestamp64Milli({start:DateTime64(3, 'UTC')}) AS began,
                arrayMap(bought -> arrayFilter(t -> t.1 <= bought.1 AND t.1 > bought.1 - {lookback:Int64}, touched), conversions) AS leading
            FROM
            (
                SELECT person, arraySort(groupArray((toUnixTimestamp64Milli(start), $by, channel = 'Direct'))) AS touched
                FROM (SELECT *, $person AS person FROM ($touches))
                WHERE channel != '' AND NOT internal
                GROUP BY person
            ) AS those
            $join JOIN
            (
                SELECT person, arraySort(groupArray((moment, money, new))) AS conversions
                FROM
                (
                    SELECT person, min(toUnixTimestamp64Milli(timestamp)) AS moment,
                           toDecimal128(argMin(revenue, timestamp), 4) AS money, max(is_first) AS new
                    FROM ($conversions)
                    GROUP BY person, if(order_id = '', toString(tuple(event_id_low, event_id_mid, event_id_gap)), concat('o', order_id))
                )
                GROUP BY person
            ) AS buyers USING (person)
        )
    )
)
