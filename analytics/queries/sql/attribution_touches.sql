-- Sessions that touch, in the period.
SELECT toString($by), count()
FROM ($touches)
WHERE start >= {start:DateTime64(3, 'UTC')}
GROUP BY 1
