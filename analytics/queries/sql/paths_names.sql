-- The items behind the numbers. It reads until all of them are met, which is early for what is common.
SELECT code, name
FROM (SELECT $code AS code, $item AS name FROM ($events))
WHERE code IN ({codes:Array(UInt64)})
LIMIT 1 BY code
LIMIT {most:UInt32}
