-- What touches of people who never bought cost, moved to those whom the same campaign won: full absorption.
-- reads: contacts, orders, order_lines, order_returns, interactions, cases, touches, cost_activities, cost_rates
-- inlines: cost_events
-- window: all that happened up to as_of
-- key: contact_id, campaign_code
--
-- A campaign won whoever it touched at or before their first order. What it spent on others who have not bought,
-- people unknown included, is split evenly among the won: in units of 1/100 of a cent, those left over one each to the
-- smallest contact ids, so that the shares add up exactly. The others are relieved of the same amount. A campaign that
-- won nobody leaves its cost where it was spent.
WITH first_orders AS (
  SELECT o.contact_id, MIN(o.placed_at) AS first_order_at
  FROM orders AS o
  JOIN contacts AS k ON k.id = o.contact_id
  WHERE o.status <> 'cancelled' AND o.placed_at <= CAST($as_of AS TIMESTAMP)
  GROUP BY o.contact_id
),
won AS (
  SELECT DISTINCT t.campaign_code, t.contact_id, f.first_order_at
  FROM touches AS t
  JOIN first_orders AS f ON f.contact_id = t.contact_id AND t.occurred_at <= f.first_order_at
  WHERE t.campaign_code IS NOT NULL
),
placed AS (
  SELECT
    campaign_code, contact_id, first_order_at,
    ROW_NUMBER() OVER (PARTITION BY campaign_code ORDER BY contact_id) AS place,
    COUNT(*) OVER (PARTITION BY campaign_code) AS places
  FROM won
),
spent AS (
  SELECT e.campaign_code, k.id AS contact_id, e.occurred_at, e.amount
  FROM cost_events AS e
  LEFT JOIN contacts AS k ON k.id = e.contact_id
  LEFT JOIN first_orders AS f ON f.contact_id = e.contact_id
  WHERE e.source = 'touch' AND e.campaign_code IS NOT NULL AND e.amount > 0 AND f.contact_id IS NULL
),
pools AS (
  SELECT campaign_code, CAST(CAST(SUM(amount) AS DECIMAL(18, 4)) * 10000 AS BIGINT) AS units
  FROM spent
  GROUP BY campaign_code
)
SELECT
  p.contact_id,
  p.campaign_code,
  p.first_order_at AS occurred_at,
  CAST(
    CAST(q.units // p.places + CASE WHEN p.place <= q.units % p.places THEN 1 ELSE 0 END AS DECIMAL(18, 0))
    * CAST(0.0001 AS DECIMAL(5, 4)) AS DECIMAL(18, 4)
  ) AS amount
FROM placed AS p
JOIN pools AS q ON q.campaign_code = p.campaign_code
UNION ALL
SELECT
  s.contact_id,
  s.campaign_code,
  MAX(s.occurred_at) AS occurred_at,
  CAST(-SUM(s.amount) AS DECIMAL(18, 4)) AS amount
FROM spent AS s
JOIN (SELECT DISTINCT campaign_code FROM won) AS w ON w.campaign_code = s.campaign_code
WHERE s.contact_id IS NOT NULL
GROUP BY s.contact_id, s.campaign_code
