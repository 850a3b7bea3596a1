-- Events with the person behind them: the user where one is known, on the event or later in the same session.
SELECT *
FROM
(
    SELECT e.* REPLACE ($money AS revenue) /*properties*/, e.revenue AS paid, $repeated AS repeated, $person AS person,
           $is_known AS is_known
    FROM $table AS e $join_users
    WHERE e.site_id = {site:UInt32} AND e.timestamp >= {$start:DateTime64(3, 'UTC')} AND e.timestamp < {end:DateTime64(3, 'UTC')}
) AS e
WHERE ($filter) AND ($wanted) AND NOT repeated
