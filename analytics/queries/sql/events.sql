-- Metrics of raw events. A person is the user where one is known: on the event, or later in the same session.
SELECT $select
FROM
(
    SELECT *, ($goal) AND NOT repeated AS goal
    FROM
    (
        SELECT e.* REPLACE ($money AS revenue) /*properties*/, e.revenue AS paid, $person AS person, $is_user AS is_user,
               $repeated AS repeated
        FROM $table AS e $join_users
        WHERE e.site_id = {site:UInt32} AND e.timestamp >= {start:DateTime64(3, 'UTC')} AND e.timestamp < {end:DateTime64(3, 'UTC')}
          AND $of_kinds
    )
) AS e $join_sessions
WHERE $filter
$group
$order
$limit
