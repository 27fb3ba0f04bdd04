-- How many there are of each cohort: customers by their first order, and contacts by their acquisition.
-- reads: customer_metrics, contacts
-- inlines: cohort_people
-- window: all orders up to as_of
-- key: basis, granularity, split, member, cohort
-- result: report
--
-- Contacts that were acquired and have not ordered yet count in cohorts of acquisition. Periods are numbers of months.
WITH cube AS (
  SELECT
    g.name AS granularity,
    g.months,
    p.first_month // g.months AS first_period,
    p.acquired_month // g.months AS acquired_period,
    p.source,
    p.band,
    COUNT(*) AS contacts
  FROM cohort_people AS p
  CROSS JOIN (SELECT name, months FROM (VALUES ('month', 1), ('quarter', 3), ('year', 12)) AS v (name, months)) AS g
  GROUP BY 1, 2, 3, 4, 5, 6
),
splits AS (
  SELECT basis, split
  FROM (VALUES ('first_order'), ('acquisition')) AS b (basis)
  CROSS JOIN (VALUES ('all'), ('source'), ('band')) AS s (split)
),
cells AS (
  SELECT
    s.basis,
    c.granularity,
    c.months,
    s.split,
    CASE s.split WHEN 'source' THEN c.source WHEN 'band' THEN c.band ELSE '' END AS member,
    CASE s.basis WHEN 'first_order' THEN c.first_period ELSE c.acquired_period END AS cohort,
    c.contacts
  FROM cube AS c
  CROSS JOIN splits AS s
)
SELECT
  basis,
  granularity,
  split,
  member,
  CAST(cohort * months AS INT) AS cohort,
  CAST(SUM(contacts) AS BIGINT) AS contacts
FROM cells
WHERE cohort IS NOT NULL
GROUP BY basis, granularity, months, split, member, cohort
ORDER BY basis, granularity, split, member, cohort
