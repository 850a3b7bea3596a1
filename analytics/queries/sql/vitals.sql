-- Percentiles of the web vitals: all together first, then by value, those with the most samples before the others.
SELECT grouping(value) AS is_total, value, $select, count(lcp) AS samples
FROM (SELECT toString($by) AS value, lcp, inp, cls, fcp, ttfb FROM ($events))
GROUP BY GROUPING SETS ((), (value))
ORDER BY is_total DESC, samples DESC, value
LIMIT {most:UInt32}
