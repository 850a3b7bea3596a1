-- The sessions of those who converted, and some more: who a session's user is, one of its parts alone may tell.
SELECT session_id
FROM
(
    SELECT session_id, arrayJoin([visitor_id, user_person]) AS whose
    FROM sessions
    WHERE site_id = {site:UInt32} AND session_start >= {touch_start:DateTime64(3, 'UTC')} - INTERVAL 1 DAY
      AND session_start < {end:DateTime64(3, 'UTC')} + INTERVAL 1 DAY
)
WHERE whose IN (SELECT person FROM ($conversions))
