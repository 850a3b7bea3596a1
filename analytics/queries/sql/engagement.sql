-- Per week: known people, the mean of their scores, of the four parts, and how many lie in each fifth of the scale.
SELECT
    week, count(), avg(score), avgForEach(parts),
    arrayMap(i -> toUInt64(countEqual(groupArray(least(toInt32(floor(score / 20)), 4)), i)), range(5))
FROM
(
    SELECT
        roundDown(toUnixTimestamp(timestamp), {weeks:Array(UInt32)}) AS week,
        [toFloat64(uniqExact(toDate(timestamp, {zone:String}))), sum(engaged_ms) / 60000, toFloat64(countIf($core)),
         toFloat64(uniqExactIf(event_type, $feature))] AS parts,
        100 * arraySum(arrayMap((part, weight, cap) -> weight * least(part / cap, 1), parts, {weights:Array(Float64)}, {caps:Array(Float64)})) AS score
    FROM ($events)
    GROUP BY person, week
)
GROUP BY week
ORDER BY week
