-- The people who did something so many times.
SELECT person
FROM
(
    SELECT e.* /*properties*/, if(e.user_id = '' AND k.known_as != 0, k.known_as, e.person_id) AS person
    FROM $table AS e LEFT JOIN
    (
        SELECT s.session_id AS session_id, max(s.user_person) AS known_as FROM sessions AS s
        WHERE s.site_id = {site:UInt32} AND s.session_start >= $since - INTERVAL 2 DAY
          AND s.session_start < {period_end:DateTime64(3, 'UTC')} + INTERVAL 1 DAY AND s.user_person != 0 GROUP BY s.session_id
    ) AS k ON k.session_id = e.session_id
    WHERE e.site_id = {site:UInt32} AND e.timestamp >= $since AND e.timestamp < {period_end:DateTime64(3, 'UTC')}
)
WHERE $filter
GROUP BY person
HAVING count() $sign $times
