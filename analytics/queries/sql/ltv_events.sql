-- Moments of known people: whether one may be their beginning, what it says then, and what it brought if it is a sale.
SELECT
    person, toUnixTimestamp64Milli(timestamp) AS at, event_index AS nth, toString($by) AS says, $begins AS begins,
    if(event_type = 'refund', -toDecimal128(revenue, 4), toDecimal128(revenue, 4)) AS brought,
    multiIf(event_type NOT IN ('purchase', 'refund'), '',
        order_id = '', concat(event_type, toString(tuple(event_id_low, event_id_mid, event_id_gap))),
        concat(event_type, 'o', order_id)) AS sale
FROM ($events)
