-- The tier of every customer who has one: the highest that they have come into, or were in and stay in.
-- reads: contacts, orders, tier_rules, tier_changes
-- window: orders up to as_of, of each tier's last days
-- key: contact_id
--
-- Hysteresis: the tier before this moment counts, as its history tells. A percentile is the share of measured customers
-- who have less: equal customers share their fate.
WITH spans AS (
  SELECT DISTINCT COALESCE(window_days, 0) AS days FROM tier_rules
),
spent AS (
  SELECT
    s.days,
    o.contact_id,
    COUNT(*) AS orders,
    CAST(SUM(CASE WHEN o.currency = $base_currency THEN o.total - o.returned_total END) AS DECIMAL(18, 2)) AS revenue
  FROM orders AS o
  JOIN contacts AS k ON k.id = o.contact_id
  CROSS JOIN spans AS s
  WHERE o.status <> 'cancelled'
    AND o.placed_at <= CAST($as_of AS TIMESTAMP)
    AND (
      s.days = 0
      OR DATE_DIFF('day', CAST(o.placed_at AS DATE), CAST(CAST($as_of AS TIMESTAMP) AS DATE)) < s.days
    )
  GROUP BY s.days, o.contact_id
),
measured AS (
  SELECT days, 'revenue' AS measure, contact_id, revenue AS amount FROM spent WHERE revenue IS NOT NULL
  UNION ALL
  SELECT days, 'orders' AS measure, contact_id, CAST(orders AS DECIMAL(18, 2)) AS amount FROM spent
),
placed AS (
  SELECT
    days,
    measure,
    contact_id,
    amount,
    RANK() OVER (PARTITION BY days, measure ORDER BY amount) - 1 AS below,
    COUNT(*) OVER (PARTITION BY days, measure) AS customers
  FROM measured
),
told AS (
  SELECT
    contact_id,
    to_tier,
    "at" AS since,
    ROW_NUMBER() OVER (PARTITION BY contact_id ORDER BY "at" DESC, id DESC) AS place
  FROM tier_changes
  WHERE "at" < CAST($as_of AS TIMESTAMP)
),
before AS (
  SELECT t.contact_id, t.to_tier, t.since, r.rank
  FROM told AS t
  LEFT JOIN tier_rules AS r ON r.name = t.to_tier
  WHERE t.place = 1
),
judged AS (
  SELECT
    p.contact_id,
    r.name,
    r.rank,
    b.to_tier,
    b.since,
    b.rank AS rank_before,
    -- Of percentages the hundredfold, so that nothing is divided.
    CASE r.basis WHEN 'amount' THEN p.amount ELSE CAST(100 * p.below AS DECIMAL(18, 2)) END AS reached,
    CASE r.basis WHEN 'amount' THEN 1 ELSE p.customers END AS scale,
    r.enter_at,
    r.stay_at
  FROM placed AS p
  JOIN tier_rules AS r ON r.measure = p.measure AND COALESCE(r.window_days, 0) = p.days
  LEFT JOIN before AS b ON b.contact_id = p.contact_id
),
fitting AS (
  SELECT
    contact_id,
    name,
    to_tier,
    since,
    ROW_NUMBER() OVER (PARTITION BY contact_id ORDER BY rank DESC) AS place
  FROM judged
  WHERE reached >= enter_at * CAST(scale AS DECIMAL(12, 0))
    OR (rank_before >= rank AND reached >= stay_at * CAST(scale AS DECIMAL(12, 0)))
)
SELECT
  contact_id,
  name AS tier,
  CASE WHEN to_tier = name THEN since ELSE CAST($as_of AS TIMESTAMP) END AS tier_since
FROM fitting
WHERE place = 1
