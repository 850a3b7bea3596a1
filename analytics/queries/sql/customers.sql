-- Customers, orders and revenue of purchases by interval, the new apart from the returning, and over the whole period. An order id
-- counts once, where it came first.
SELECT is_total, at, is_new, uniqExact(person), count(), sum(money)
FROM
(
    SELECT
        person, money, arrayJoin([(1, 0, first >= {since:Int64}), (0, bucket, first_bucket = bucket AND first >= {since:Int64})]) AS row,
        row.1 AS is_total, row.2 AS at, toUInt8(row.3) AS is_new
    FROM
    (
        SELECT
            person, money, moment, min(moment) OVER (PARTITION BY person) AS first,
            roundDown(toUInt32(moment / 1000), {bucket_starts:Array(UInt32)}) AS bucket,
            roundDown(toUInt32(first / 1000), {bucket_starts:Array(UInt32)}) AS first_bucket
        FROM
        (
            SELECT person, toUnixTimestamp64Milli(min(timestamp)) AS moment, toDecimal128(argMin(revenue, timestamp), 4) AS money
            FROM ($events)
            GROUP BY person, if(order_id = '', toString(tuple(event_id_low, event_id_mid, event_id_gap)), concat('o', order_id))
        )
    )
    WHERE moment >= {since:Int64}
)
GROUP BY is_total, at, is_new
