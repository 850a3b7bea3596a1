-- All conversions, each order once, their revenue, and how many are the first of a person.
SELECT count(), sum(money), sum(new)
FROM
(
    SELECT toDecimal128(argMin(revenue, timestamp), 4) AS money, max(is_first) AS new
    FROM ($conversions)
    GROUP BY person, if(order_id = '', toString(tuple(event_id_low, event_id_mid, event_id_gap)), concat('o', order_id))
)
