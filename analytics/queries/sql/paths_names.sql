-- The items behind the numbers.
SELECT $code AS code, any($item)
FROM (SELECT DISTINCT $raw FROM ($events))
WHERE code IN ({codes:Array(UInt64)})
GROUP BY code
