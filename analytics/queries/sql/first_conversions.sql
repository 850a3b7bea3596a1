-- The conversions of the period, told apart by whether it is the first that the person ever did.
SELECT *
FROM
(
    SELECT *, row_number() OVER (PARTITION BY person ORDER BY timestamp, event_index) = 1 AS is_first
    FROM ($events)
)
WHERE timestamp >= {start:DateTime64(3, 'UTC')} AND ($filter) AND ($wanted)
