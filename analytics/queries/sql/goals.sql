-- Of each goal: people, conversions (an order id counts once) and revenue.
SELECT $select
FROM (SELECT person, order_id, revenue, $flags FROM ($events))
