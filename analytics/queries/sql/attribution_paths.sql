-- Each path of touches: conversions after it, how often nothing came of it, and the revenue.
SELECT touches, sum(conversions) AS conversions, sum(misses) AS misses, sum(revenue) AS revenue
FROM
(
    SELECT arrayMap(t -> toString(t.2), path) AS touches, countIf(converted) AS conversions, countIf(NOT converted) AS misses,
           sum(conversion.2) AS revenue
    FROM ($journeys)
    WHERE notEmpty(path)
    GROUP BY touches
    UNION ALL
    -- Of who did not convert: all touches of the period, in order.
    SELECT arrayMap(t -> toString(t.2), path) AS touches, 0, count(), toDecimal128(0, 4)
    FROM
    (
        SELECT arraySort(groupArray((toUnixTimestamp64Milli(start), $by))) AS path
        FROM (SELECT *, $person AS person FROM ($touches))
        WHERE channel != '' AND NOT internal AND person NOT IN $buyers
        GROUP BY person
    )
    GROUP BY touches
)
GROUP BY touches
ORDER BY conversions DESC, touches
LIMIT 200000
