-- What events fit filters that are also about the person behind them; a session may go on for a day after the period.
SELECT DISTINCT $columns
FROM
(
    SELECT e.* /*properties*/, if(e.user_id = '' AND u.known_as != 0, u.known_as, e.person_id) AS person
    FROM events AS e $join_users
    WHERE e.site_id = {site:UInt32} AND e.timestamp >= {start:DateTime64(3, 'UTC')}
      AND e.timestamp < {end:DateTime64(3, 'UTC')} + INTERVAL 1 DAY
) AS e
WHERE $filter
