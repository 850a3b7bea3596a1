-- How far each actor (person or session) came, and when: `chain` holds the moments (ms) of the steps of the furthest attempt.
-- Steps and exclusions of an event are bit masks; the first step counts in the period only, later ones also after its end.
SELECT
    actor,
    group_value,
    $attempt AS found,
    if(one_step, [all_moments[1].1], found.1) AS chain,
    found.2 AS excluded
FROM
(
    SELECT
        $actor AS actor,
        arraySort(groupArray((toUnixTimestamp64Milli(timestamp), event_index, steps, exclusions))) AS all_moments,
        -- Of a long run of events that fit the same steps only its ends can matter: the fold takes a millisecond for each
        -- event of whoever has the most, and some have thousands.
        arrayMap(e -> (e.3, e.4), all_moments) AS masks,
        arrayCumSum(arrayMap((one, before) -> toUInt32(one != before), masks, arrayShiftRight(masks, 1, (toUInt32(4294967295), toUInt32(0))))) AS runs,
        $one_step AS one_step,
        if(one_step, [], $moments) AS moments,
        $group_value AS group_value
    FROM
    (
        SELECT *, toUInt32($step_mask) AS steps, toUInt32($exclusion_mask) AS exclusions FROM ($events)
    )
    WHERE $relevant
    GROUP BY actor
    HAVING countIf($first) > 0
)
