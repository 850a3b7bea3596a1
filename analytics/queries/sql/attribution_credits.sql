-- Per value and model that is asked for: billionths of conversions, and those times the revenue in ten-thousandths. What
-- does not divide goes to the last touch, so that the credits of a conversion are exactly 10^9.
WITH
    length(path) AS n,
    arrayMap(i -> toInt64(i = n) * 1000000000, range(1, n + 1)) AS last_touch,
    arrayLastIndex(t -> NOT t.3, path) AS known,
    arrayMap(i -> toInt64(i = if(known = 0, n, known)) * 1000000000, range(1, n + 1)) AS last_non_direct,
    arrayMap(i -> toInt64(i = 1) * 1000000000, range(1, n + 1)) AS first_touch,
    arrayMap(i -> toInt64(1000000000 / n), range(1, n + 1)) AS linear,
    multiIf(n = 1, [toInt64(1000000000)], n = 2, [toInt64(500000000), 500000000],
        arrayMap(i -> if(i IN (1, n), toInt64(400000000), toInt64(200000000 / (n - 2))), range(1, n + 1))) AS position_based,
    arrayMap(t -> exp2((t.1 - conversion.1) / 604800000), path) AS decays,
    arrayMap(d -> toInt64(floor(1000000000 * d / arraySum(decays))), decays) AS time_decay,
    arrayMap(a -> arrayMap((x, i) -> x + if(i = n, 1000000000 - arraySum(a), 0), a, range(1, n + 1)),
        [$models]) AS models,
    arrayJoin(arrayMap(i -> (toString(path[i].2), arrayMap(a -> a[i], models)), range(1, n + 1))) AS credit
SELECT credit.1 AS value, $sums
FROM ($journeys)
WHERE converted AND notEmpty(path)
GROUP BY value
