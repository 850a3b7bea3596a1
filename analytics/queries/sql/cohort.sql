-- Who belongs to a cohort, as of now.
INSERT INTO cohort_people (site_id, cohort_id, version, person)
SELECT {site:UInt32}, {cohort:UInt32}, {version:UInt32}, person
FROM ($events)
GROUP BY person
