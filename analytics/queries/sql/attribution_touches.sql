-- Sessions that touch, in the period: one without a page view has no source.
SELECT toString($by), count() FROM ($touches) WHERE channel != '' AND NOT internal GROUP BY 1
