-- Sums per variant over its people, for means and variances. Exposure is the first event that carries the variant; what a
-- person did counts from there on. Who saw several variants stands under '' and is only counted. An order counts once.
SELECT group_value, variant, count(), countIf(notEmpty(done)), sum(m), sum(m * m), sum(d), sum(d * d), sum(m * d)
FROM
(
    SELECT
        group_value,
        if(length(seen) = 1, seen[1], '') AS variant,
        arrayFilter(e -> e.1 >= exposed, goals) AS done,
        $value AS m,
        toFloat64(arrayCount(at -> at >= exposed, divisors)) AS d
    FROM
    (
        SELECT
            groupUniqArrayArray(met) AS seen,
            minIf(met_at, notEmpty(met)) AS exposed,
            argMinIf(met_in, met_at, notEmpty(met)) AS group_value,
            arraySort(groupArrayIf((moment, revenue, order_key), is_goal)) AS goals,
            groupArrayIf(moment, is_divisor) AS divisors
        FROM
        (
            SELECT
                person, arrayDistinct([first_met, last_met]) AS met, met_at, met_in, toUInt128(0) AS moment,
                toDecimal64(0, 4) AS revenue, '' AS order_key, false AS is_goal, false AS is_divisor
            FROM ($exposures)
            UNION ALL
            SELECT
                person, CAST([], 'Array(String)'), toUInt128(0), '',
                bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(timestamp)), 32), toUInt128(event_index)), revenue,
                if(order_id = '', toString(tuple(event_id_low, event_id_mid, event_id_gap)), concat('o', order_id)), $goal, $per
            FROM ($events)
        )
        GROUP BY person
        HAVING notEmpty(seen)
    )
)
GROUP BY group_value, variant
ORDER BY group_value, variant
LIMIT 5000
