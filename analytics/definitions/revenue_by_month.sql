-- What was ordered in each of the 13 months up to that of the last order, by whose customers: whoever sees a part of
-- them adds up that part.
-- reads: orders, contacts, companies
-- window: orders of the 13 months up to that of the last order before as_of
-- key: month, currency, contact_owner_id, contact_team_id, contact_partner_id, company_owner_id, company_team_id, company_partner_id
-- result: report
--
-- Net of returns, without cancelled orders. Amounts of different currencies are never added.
WITH counted AS (
  SELECT
    CAST(DATE_TRUNC('month', o.placed_at) AS DATE) AS month,
    o.contact_id,
    o.company_id,
    o.currency,
    o.total - o.returned_total AS net
  FROM orders AS o
  WHERE o.status <> 'cancelled'
    AND o.placed_at <= CAST($as_of AS TIMESTAMP)
)
SELECT
  c.month,
  c.currency,
  k.owner_id AS contact_owner_id,
  k.team_id AS contact_team_id,
  k.partner_id AS contact_partner_id,
  f.owner_id AS company_owner_id,
  f.team_id AS company_team_id,
  f.partner_id AS company_partner_id,
  COUNT(*) AS orders,
  CAST(SUM(c.net) AS DECIMAL(18, 2)) AS revenue
FROM counted AS c
LEFT JOIN contacts AS k ON k.id = c.contact_id
LEFT JOIN companies AS f ON f.id = c.company_id
CROSS JOIN (SELECT MAX(month) AS last FROM counted) AS m
WHERE c.month >= m.last - INTERVAL '12' MONTH
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
