-- Of each step: how many took it, and the time from the step before.
WITH actors AS ($actors)
SELECT
    group_value,
    countIf(excluded),
    [$counts],
    -- Summed as whole milliseconds: seconds would end in another digit in another order.
    arrayMap(x -> x / 1000, avgForEachIf(taken, notEmpty(taken))),
    arrayMap(x -> x / 1000, quantileExactInclusiveForEachIf(0.5)(taken, notEmpty(taken))),
    quantileExactInclusiveIf(0.5)((chain[-1] - chain[1]) / 1000, length(chain) = $steps)
FROM
(
    SELECT
        group_value, excluded, chain, length(chain) AS came,
        -- Milliseconds from each step to the next
        if(excluded, [], arrayMap((one, next) -> next - one, arrayPopBack(chain), arrayPopFront(chain))) AS taken
    FROM actors
)
-- All of them first, then each group: medians of groups do not add up to that of all.
GROUP BY $grouping
ORDER BY $order sum(NOT excluded) DESC, group_value
LIMIT 1000
