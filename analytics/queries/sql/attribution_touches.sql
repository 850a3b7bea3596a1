-- Sessions that touch, in the period.
SELECT toString($by), count() FROM ($touches) WHERE NOT internal GROUP BY 1
