-- The people who came so far and, where only those are wanted, no further: the latest first, with what is known of them in the period.
SELECT lower(hex(actor)), reached, length(chain), first_seen, last_seen, events, country, device_type, channel
FROM (SELECT actor, chain, chain[{step:UInt8}] AS reached FROM ($actors) WHERE NOT excluded AND $wanted) AS a
INNER JOIN
(
    SELECT person, min(timestamp) AS first_seen, max(timestamp) AS last_seen, count() AS events, anyLast(e.country) AS country,
           anyLast(e.device_type) AS device_type, anyLast(e.channel) AS channel
    FROM ($events) AS e
    GROUP BY person
) AS p ON p.person = a.actor
ORDER BY reached DESC, actor
LIMIT {most:UInt32}
