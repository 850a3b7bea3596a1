-- One row a conversion, and one more for what a person did without converting after the last of them: `path` holds the
-- touches (ms, value, direct?) within the look-back. An order that is sent twice is one conversion.
SELECT
    person, touched,
    arrayJoin(arrayConcat(conversions, [(toInt64(9000000000000000), toDecimal128(0, 4))])) AS conversion,
    conversion.1 < 9000000000000000 AS converted,
    arrayFilter(t -> t.1 <= conversion.1 AND if(converted, t.1 > conversion.1 - {lookback:Int64}, t.1 > last_conversion
        AND t.1 >= toUnixTimestamp64Milli({start:DateTime64(3, 'UTC')})), touched) AS path
FROM
(
    SELECT person, arraySort(groupArray((toUnixTimestamp64Milli(start), $by, channel = 'Direct'))) AS touched
    FROM (SELECT *, $person AS person FROM ($touches))
    WHERE channel != '' AND NOT internal
    GROUP BY person
) AS t
INNER JOIN
(
    SELECT person, arraySort(groupArray((moment, money))) AS conversions, max(moment) AS last_conversion
    FROM
    (
        SELECT person, min(toUnixTimestamp64Milli(timestamp)) AS moment, toDecimal128(argMin(revenue, timestamp), 4) AS money
        FROM ($conversions)
        GROUP BY person, if(order_id = '', toString(tuple(event_id_low, event_id_mid, event_id_gap)), concat('o', order_id))
    )
    GROUP BY person
) AS c USING (person)
