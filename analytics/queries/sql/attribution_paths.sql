-- Each path of touches: conversions after it, how often nothing came of it, and the revenue.
SELECT arrayMap(t -> toString(t.2), path) AS touches, countIf(converted) AS conversions, countIf(NOT converted) AS misses, sum(conversion.2) AS revenue
FROM ($journeys)
WHERE notEmpty(path)
GROUP BY touches
ORDER BY conversions DESC, touches
LIMIT 200000
