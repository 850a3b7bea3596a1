-- Each person's cohorts (positions in the calendar's intervals) and the offsets at which they were back; offset 0 counts the
-- cohort itself. A start counts within the period, a return until the last interval ends.
SELECT cohort, arrayJoin(arrayPushFront($offsets, 0)) AS offset, count()
FROM
(
    SELECT
        arrayJoin(starts) AS cohort,
        arrayMap(r -> r - cohort, arrayFilter(r -> r > cohort, returns)) AS kept,
        if(empty(kept), CAST([], 'Array(Int64)'), arrayMap(r -> toInt64(r), kept)) AS later
    FROM
    (
        SELECT
            person,
            groupUniqArrayIf(position, starts_here AND moment >= {first:Int64} AND moment < {last:Int64}) AS all_starts,
            argMinIf(position, moment, starts_here) AS min_start,
            minIf(moment, starts_here) AS first_moment,
            groupUniqArrayIf(position, comes_back) AS returns,
            arrayFilter(p -> p >= 0 AND first_moment < {last:Int64} AND (first_moment >= {first:Int64} OR $recurring), $began) AS starts
        FROM
        (
            SELECT
                person,
                toUnixTimestamp64Milli(timestamp) AS moment,
                toInt64(indexOf({bounds:Array(UInt32)}, roundDown(toUnixTimestamp(timestamp), {bounds:Array(UInt32)}))) - 1 AS position,
                $starts_event AS starts_here,
                $back_event AND moment >= {bounds:Array(UInt32)}[1] * 1000 AS comes_back
            FROM ($events)
        )
        GROUP BY person
        HAVING notEmpty(starts)
    )
)
GROUP BY cohort, offset
