-- Sums per variant over its people, for means and variances. Exposure is the first event that carries the variant; what a
-- person did counts from there on. Who saw several variants stands under '' and is only counted. An order counts once.
SELECT group_value, variant, count(), countIf(notEmpty(done)), sum(m), sum(m * m), sum(d), sum(d * d), sum(m * d)
FROM
(
    SELECT
        group_value,
        if(length(seen) = 1, seen[1], '') AS variant,
        arrayFilter(e -> (e.1, e.2) >= exposed, goals) AS done,
        mapFromArrays(arrayDistinct(arrayMap(e -> e.4, done)) AS ids, arrayMap(id -> arrayFirst(e -> e.4 = id, done).3, ids)) AS orders,
        $value AS m,
        toFloat64(arrayCount(e -> e >= exposed, divisors)) AS d
    FROM
    (
        SELECT
            groupUniqArrayArray(met) AS seen,
            minIf(met_at, notEmpty(met)) AS exposed,
            argMinIf(met_in, met_at, notEmpty(met)) AS group_value,
            arraySort(groupArrayIf((timestamp, event_index, revenue, order_key), is_goal)) AS goals,
            groupArrayIf((timestamp, event_index), is_divisor) AS divisors
        FROM
        (
            SELECT
                person, arrayDistinct([first_met, last_met]) AS met, met_at, met_in, toDateTime64(0, 3, 'UTC') AS timestamp,
                toUInt32(0) AS event_index, toDecimal64(0, 4) AS revenue, '' AS order_key, false AS is_goal, false AS is_divisor
            FROM ($exposures)
            UNION ALL
            SELECT
                person, CAST([], 'Array(String)'), (toDateTime64(0, 3, 'UTC'), toUInt32(0)), '', timestamp, event_index, revenue,
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
