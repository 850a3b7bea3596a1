-- Sessions of the period.
SELECT toString($by), count() FROM ($touches) GROUP BY 1
