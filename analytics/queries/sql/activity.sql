-- Distinct known people of the last day, the last 7 and the last 30 days of a span of 30.
SELECT
    uniqExactIf(person, timestamp >= {day:DateTime64(3, 'UTC')}),
    uniqExactIf(person, timestamp >= {week:DateTime64(3, 'UTC')}),
    uniqExact(person)
FROM ($events)
