-- Known people who began in the period: how many, how many of them bought, and what they brought within n days of their first moment.
-- An order id counts once; refunds are taken off, unless they lie before that moment. Day 0 is the first 24 hours.
SELECT value, count(), countIf(bought), sum(arraySum(sales.2)), sumForEach(within), max(fromUnixTimestamp64Milli(first_moment, 'UTC'))
FROM
(
    SELECT
        person, first_moment, $value AS value,
        arrayMap(id -> arrayFirst(s -> s.3 = id, all_sales), arrayDistinct(all_sales.3)) AS each_once,
        arrayFilter(s -> s.1 >= first_moment, each_once) AS sales,
        notEmpty(arrayFilter(s -> s.2 > 0, sales)) AS bought,
        arrayMap(n -> arraySum(arrayMap(s -> if(s.1 < first_moment + greatest(n, 86400000), s.2, toDecimal128(0, 4)), sales)), {days:Array(Int64)}) AS within
    FROM
    (
        SELECT
            person,
            minIf(at, begins) AS first_moment,
            argMinIf(says, (at, nth), begins) AS first_value,
            arraySort(groupArrayIf((at, brought, sale), sale != '')) AS all_sales
        FROM ($moments)
        GROUP BY person
        HAVING countIf(begins) > 0
    )
    WHERE first_moment >= {since:Int64} AND first_moment < {before:Int64}
)
GROUP BY value
LIMIT 10000
