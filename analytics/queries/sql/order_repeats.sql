-- Purchases and refunds whose order id came before, whoever sent it and whenever that was: hashes of their event ids.
SELECT cityHash64(event_id_low, event_id_mid, event_id_gap)
FROM
(
    SELECT event_id_low, event_id_mid, event_id_gap,
           row_number() OVER (PARTITION BY event_type, order_id ORDER BY timestamp, event_index, event_id_low) AS place
    FROM rare_events
    WHERE site_id = {site:UInt32} AND timestamp < $end AND event_type IN ('purchase', 'refund') AND order_id != ''
)
WHERE place > 1
$limit
