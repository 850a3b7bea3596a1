-- Customers as BG/NBD sees them: days with a purchase after the first, recency and age in weeks, mean value of the repeats.
SELECT
    channel, length(days) - 1 AS repeats, (days[-1].1 - days[1].1) / 7 AS recency,
    greatest((toInt32(toDate(toDateTime({now:Int64}), {zone:String})) - days[1].1) / 7, recency) AS age,
    if(repeats > 0, toFloat64(arraySum(arraySlice(days, 2).2)) / repeats, 0) AS value
FROM
(
    SELECT person, argMin(bought_by, moment) AS channel,
           arraySort(arrayZip(mapKeys(sumMap(map(day, money)) AS sums), mapValues(sums))) AS days
    FROM
    (
        SELECT person, any(channel) AS bought_by, min(timestamp) AS moment, toInt32(toDate(min(timestamp), {zone:String})) AS day,
               toDecimal128(argMin(revenue, timestamp), 4) AS money
        FROM ($events)
        GROUP BY person, if(order_id = '', toString(tuple(event_id_low, event_id_mid, event_id_gap)), concat('o', order_id))
    )
    GROUP BY person
)
ORDER BY cityHash64(person)
LIMIT {most:UInt32}
