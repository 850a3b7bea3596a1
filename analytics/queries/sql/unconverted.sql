-- Purchases less refunds in each currency that had no rate on their day, and their orders.
SELECT currency, $select
FROM ($events)
GROUP BY currency
ORDER BY currency
LIMIT 200
