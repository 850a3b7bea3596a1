-- Is there an event in the period, and one of somebody who would be known again?
SELECT count(), countIf(user_id != '' OR device_id != 0)
FROM events
WHERE site_id = {site:UInt32} AND timestamp >= {start:DateTime('UTC')} AND timestamp < {end:DateTime('UTC')}
