-- Every contact's own rhythm of buying: how long they usually take, when the next purchase is expected, how late it is.
-- reads: contacts, purchase_gaps, gap_distribution
-- window: all orders up to as_of
-- key: contact_id
--
-- Five own gaps or more are an own history. Before that the gaps count that other customers had after as many purchases,
-- if there are at least 30 of those. Percentiles are nearest rank: the smallest gap that so many gaps do not exceed.
-- usual: the median. late: the 90th percentile. on_time: up to usual; due: up to late; overdue: beyond; lapsed: beyond
-- twice late.
WITH own_ranked AS (
  SELECT
    contact_id,
    gap_days,
    ROW_NUMBER() OVER (PARTITION BY contact_id ORDER BY gap_days) AS place,
    COUNT(*) OVER (PARTITION BY contact_id) AS places
  FROM purchase_gaps
  WHERE gap_days IS NOT NULL
),
own AS (
  SELECT
    contact_id,
    COUNT(*) AS gaps,
    MIN(CASE WHEN 2 * place >= places THEN gap_days END) AS usual,
    MIN(CASE WHEN 10 * place >= 9 * places THEN gap_days END) AS late
  FROM own_ranked
  GROUP BY contact_id
),
last_purchases AS (
  SELECT
    contact_id,
    number,
    day,
    DATE_DIFF('day', day, CAST(CAST($as_of AS TIMESTAMP) AS DATE)) AS days_since
  FROM purchase_gaps
  WHERE gap_days IS NULL
),
own_shares AS (
  SELECT
    l.contact_id,
    COUNT(CASE WHEN g.gap_days <= l.days_since THEN 1 END) AS shorter
  FROM last_purchases AS l
  JOIN purchase_gaps AS g ON g.contact_id = l.contact_id AND g.gap_days IS NOT NULL
  GROUP BY l.contact_id
),
others AS (
  SELECT
    number,
    MAX(total) AS gaps,
    MIN(CASE WHEN 2 * cumulative >= total THEN gap_days END) AS usual,
    MIN(CASE WHEN 10 * cumulative >= 9 * total THEN gap_days END) AS late
  FROM gap_distribution
  WHERE number > 0
  GROUP BY number
  HAVING MAX(total) >= 30
),
-- One row for each pair that occurs, so that the join by "no longer than" stays small.
waiting AS (
  SELECT DISTINCT number, days_since FROM last_purchases WHERE number <= 5
),
others_shares AS (
  SELECT w.number, w.days_since, MAX(d.cumulative) AS shorter
  FROM waiting AS w
  JOIN gap_distribution AS d ON d.number = w.number AND d.gap_days <= w.days_since
  GROUP BY w.number, w.days_since
),
judged AS (
  SELECT
    l.contact_id,
    l.number,
    l.day,
    l.days_since,
    o.usual AS own_usual,
    CASE
      WHEN l.number > 5 THEN 'own'
      WHEN p.number IS NOT NULL THEN 'others'
      ELSE 'too_few_gaps'
    END AS basis,
    CASE WHEN l.number > 5 THEN o.usual ELSE p.usual END AS usual,
    CASE WHEN l.number > 5 THEN o.late ELSE p.late END AS late,
    CASE
      WHEN l.number > 5 THEN CAST(s.shorter AS DOUBLE) / CAST(o.gaps AS DOUBLE)
      WHEN p.number IS NOT NULL THEN CAST(COALESCE(q.shorter, 0) AS DOUBLE) / CAST(p.gaps AS DOUBLE)
    END AS share
  FROM last_purchases AS l
  LEFT JOIN own AS o ON o.contact_id = l.contact_id
  LEFT JOIN own_shares AS s ON s.contact_id = l.contact_id
  LEFT JOIN others AS p ON p.number = l.number
  LEFT JOIN others_shares AS q ON q.number = l.number AND q.days_since = l.days_since
)
SELECT
  k.id AS contact_id,
  CAST(COALESCE(j.number, 0) AS INT) AS purchase_days,
  CAST(j.days_since AS INT) AS days_since_purchase,
  CAST(j.own_usual AS INT) AS median_gap_days,
  COALESCE(j.basis, 'no_purchase') AS rhythm_basis,
  CAST(j.usual AS INT) AS usual_gap_days,
  CAST(j.late AS INT) AS late_gap_days,
  j.share AS gap_percentile,
  CASE WHEN j.usual IS NOT NULL THEN DATE_ADD(j.day, CAST(j.usual AS INT)) END AS expected_next_order_on,
  CASE
    WHEN j.late IS NULL THEN NULL
    WHEN j.days_since <= j.usual THEN 'on_time'
    WHEN j.days_since <= j.late THEN 'due'
    WHEN j.days_since <= 2 * j.late THEN 'overdue'
    ELSE 'lapsed'
  END AS rhythm_state,
  j.days_since > j.late AS is_overdue
FROM contacts AS k
LEFT JOIN judged AS j ON j.contact_id = k.id
