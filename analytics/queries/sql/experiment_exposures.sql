-- What each session met of a test, first of all by who its events say it was: users are asked of a tenth of the rows then. Of
-- its variants the least and the greatest: they differ where there are several. A moment is one number, ms and event_index,
-- which compares several times faster than both.
SELECT session_id, person, user_id != '' AS is_user, min($variant) AS first_met, max($variant) AS last_met,
       min(bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(timestamp)), 32), toUInt128(event_index))) AS met_at,
       $met_in AS met_in
FROM ($events)
GROUP BY session_id, person, is_user
