-- Of each step: how many took it, and the time from the step before.
WITH actors AS ($actors)
SELECT
    group_value,
    countIf(excluded),
    sumForEach(arrayMap(k -> toUInt64(NOT excluded AND length(chain) >= k), range(1, $steps + 1))),
    avgForEach(arrayMap(k -> if(NOT excluded AND length(chain) > k, (chain[k + 1] - chain[k]) / 1000, NULL), range(1, $steps))),
    quantileExactInclusiveForEach(0.5)(arrayMap(k -> if(NOT excluded AND length(chain) > k, (chain[k + 1] - chain[k]) / 1000, NULL), range(1, $steps))),
    quantileExactInclusiveIf(0.5)((chain[-1] - chain[1]) / 1000, length(chain) = $steps)
FROM actors
-- All of them first, then each group: medians of groups do not add up to that of all.
GROUP BY GROUPING SETS ((), (group_value))
ORDER BY grouping(group_value) DESC, sum(NOT excluded) DESC, group_value
LIMIT 1000
