-- What each session met of a test, first of all by who its events say it was: users are asked of a tenth of the rows then. Of
-- its variants the least and the greatest: they differ where there are several.
SELECT session_id, person, user_id != '' AS is_user, min($variant) AS first_met, max($variant) AS last_met,
       min((timestamp, event_index)) AS met_at, argMin($breakdown, (timestamp, event_index)) AS met_in
FROM ($events)
GROUP BY session_id, person, is_user
