-- All conversions, each order once, and their revenue.
SELECT count(), sum(money)
FROM
(
    SELECT toDecimal128(argMin(revenue, timestamp), 4) AS money
    FROM ($conversions)
    GROUP BY person, if(order_id = '', toString(tuple(event_id_low, event_id_mid, event_id_gap)), concat('o', order_id))
)
