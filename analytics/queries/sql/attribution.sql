-- Each path of touches (n = 0) with the conversions after it, how often nothing came of it and the revenue in
-- ten-thousandths; and each value by the length n of its paths and its place in them (edge: 1 the first, 2 the last, 3 both)
-- with the sessions of the period that touch, then conversions, revenue and first conversions three times: of all; where it
-- is the last touch that is not direct; and as billionths by time decay, of which the last touch gets what does not divide.
SELECT part.1 AS n, part.2 AS edge, part.3 AS names, sumForEach(part.4) AS sums
FROM
(
    SELECT arrayJoin(arrayPushBack(
        arrayMap((touch, i) -> (n, toUInt8((i = 1) + 2 * (i = n)), [touch.1], [
            seen, converted, cents, newly,
            converted * (i = known), cents * (i = known), newly * (i = known),
            decayed[i] + (i = n) * (1000000000 * converted - arraySum(decayed)),
            decayed_money[i] + (i = n) * (1000000000 * cents - arraySum(decayed_money)),
            decayed_newly[i] + (i = n) * (1000000000 * newly - arraySum(decayed_newly))
        ]), shape, range(1, n + 1)),
        (toUInt64(0), toUInt8(0), shape.1, [converted, missed, cents])
    )) AS part
    FROM
    (
        SELECT *, length(shape) AS n, arrayLastIndex(touch -> NOT touch.2, shape) AS last_known, if(last_known = 0, n, last_known) AS known
        FROM
        (
            SELECT
                arrayMap(t -> (toString(t.2), t.3), path) AS shape,
                sum(toInt256(is_conversion)) AS converted, sum(toInt256(is_first)) AS newly, sum(toInt256(is_miss)) AS missed,
                sum(toInt256(is_seen)) AS seen, sum(toInt256(paid * 10000)) AS cents,
                sumForEach(arrayMap(d -> toInt256(d), decays)) AS decayed,
                sumForEach(arrayMap(d -> toInt256(d) * toInt256(paid * 10000), decays)) AS decayed_money,
                sumForEach(arrayMap(d -> toInt256(d) * is_first, decays)) AS decayed_newly
            FROM ($journeys)
            WHERE notEmpty(path)
            GROUP BY shape
        )
    )
)
GROUP BY n, edge, names
ORDER BY n = 0, sums[1] DESC, names
LIMIT 200000 BY n = 0
