-- The first conversion that each person ever did, where it lies in the period.
SELECT *
FROM
(
    SELECT *
    FROM ($events)
    ORDER BY timestamp, event_index
    LIMIT 1 BY person
)
WHERE timestamp >= {start:DateTime64(3, 'UTC')} AND ($filter)
