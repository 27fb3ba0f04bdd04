-- The orders that customers' money leaves out, and why, so that nothing is missing in silence.
-- reads: orders, contacts
-- window: all orders
-- key: reason, currency
-- result: report
--
-- An order is listed once, under the first reason that holds; `other_currency` counts as behaviour, only not as money.
WITH judged AS (
  SELECT
    o.currency,
    o.total - o.returned_total AS net,
    CASE
      WHEN o.status = 'cancelled' THEN 'cancelled'
      WHEN o.placed_at > CAST($as_of AS TIMESTAMP) THEN 'after_as_of'
      WHEN o.contact_id IS NULL THEN 'no_contact'
      WHEN k.id IS NULL THEN 'deleted_contact'
      WHEN o.currency <> $base_currency THEN 'other_currency'
    END AS reason
  FROM orders AS o
  LEFT JOIN contacts AS k ON k.id = o.contact_id
)
SELECT
  reason,
  currency,
  COUNT(*) AS orders,
  CAST(SUM(net) AS DECIMAL(18, 2)) AS amount
FROM judged
WHERE reason IS NOT NULL
GROUP BY reason, currency
ORDER BY reason, currency
