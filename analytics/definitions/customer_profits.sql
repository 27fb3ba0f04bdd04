-- Every contact's profit and loss: revenue less cost of goods, less what serving and reaching them cost.
-- reads: contacts, orders, order_lines, customer_costs, campaign_shares
-- window: all that happened up to as_of
-- key: contact_id
--
-- Money of orders in the base currency that were not cancelled; a return lowers the order that it belongs to, and goods
-- that came back are taken at what they had cost. `revenue` is null where all orders are in other currencies.
-- The gross margin is null where the cost of any goods is not known, profit also where a head of cost has events of
-- which none could be costed. Ranks: 5 is best; among equals the greater contact id ranks higher; fewer than five
-- customers with a known profit have none.
WITH counted AS (
  SELECT id, contact_id, currency, subtotal, discount_total, returned_total, total
  FROM orders
  WHERE contact_id IS NOT NULL AND status <> 'cancelled' AND placed_at <= CAST($as_of AS TIMESTAMP)
),
money AS (
  SELECT
    contact_id,
    COUNT(*) AS orders,
    COUNT(CASE WHEN currency = $base_currency THEN 1 END) AS money_orders,
    CAST(SUM(CASE WHEN currency = $base_currency THEN subtotal END) AS DECIMAL(18, 4)) AS sales,
    CAST(SUM(CASE WHEN currency = $base_currency THEN discount_total END) AS DECIMAL(18, 4)) AS discounts,
    CAST(SUM(CASE WHEN currency = $base_currency THEN returned_total END) AS DECIMAL(18, 4)) AS returns,
    CAST(SUM(CASE WHEN currency = $base_currency THEN total - returned_total END) AS DECIMAL(18, 4)) AS revenue
  FROM counted
  GROUP BY contact_id
),
goods AS (
  SELECT
    c.contact_id,
    CAST(SUM(l.subtotal) AS DECIMAL(18, 4)) AS sales_of_lines,
    COUNT(CASE WHEN l.unit_cost IS NULL AND l.quantity <> l.returned_quantity THEN 1 END) AS lines_without_cost,
    COUNT(l.unit_cost) AS lines_with_cost,
    CAST(
      SUM(CAST((l.quantity - l.returned_quantity) * CAST(l.unit_cost AS DECIMAL(18, 4)) AS DECIMAL(18, 4)))
      AS DECIMAL(18, 4)
    ) AS cost_of_goods
  FROM order_lines AS l
  JOIN counted AS c ON c.id = l.order_id
  WHERE c.currency = $base_currency
  GROUP BY c.contact_id
),
shares AS (
  SELECT contact_id, CAST(SUM(amount) AS DECIMAL(18, 4)) AS campaign_share
  FROM campaign_shares
  GROUP BY contact_id
),
known AS (
  SELECT
    k.id AS contact_id,
    COALESCE(m.orders, 0) AS orders,
    CASE WHEN m.contact_id IS NULL THEN CAST(0 AS DECIMAL(18, 4)) ELSE m.sales END AS sales,
    CASE WHEN m.contact_id IS NULL THEN CAST(0 AS DECIMAL(18, 4)) ELSE m.discounts END AS discounts,
    CASE WHEN m.contact_id IS NULL THEN CAST(0 AS DECIMAL(18, 4)) ELSE m.returns END AS returns,
    CASE WHEN m.contact_id IS NULL THEN CAST(0 AS DECIMAL(18, 4)) ELSE m.revenue END AS revenue,
    CASE
      WHEN COALESCE(m.sales, CAST(0 AS DECIMAL(18, 4))) = 0 AND g.contact_id IS NULL THEN CAST(0 AS DECIMAL(18, 4))
      WHEN g.lines_with_cost > 0 OR g.lines_without_cost = 0 THEN COALESCE(g.cost_of_goods, CAST(0 AS DECIMAL(18, 4)))
    END AS cost_of_goods,
    COALESCE(g.lines_without_cost, 0) AS lines_without_cost,
    COALESCE(m.sales, CAST(0 AS DECIMAL(18, 4)))
      = COALESCE(g.sales_of_lines, CAST(0 AS DECIMAL(18, 4))) AS has_all_lines,
    CASE WHEN c.contact_id IS NULL THEN CAST(0 AS DECIMAL(18, 4)) ELSE c.service_cost END AS service_cost,
    CASE WHEN c.contact_id IS NULL THEN CAST(0 AS DECIMAL(18, 4)) ELSE c.order_cost END AS order_cost,
    CASE WHEN c.contact_id IS NULL THEN CAST(0 AS DECIMAL(18, 4)) ELSE c.return_cost END AS return_cost,
    CASE WHEN c.contact_id IS NULL THEN CAST(0 AS DECIMAL(18, 4)) ELSE c.delivery_cost END AS delivery_cost,
    CASE WHEN c.contact_id IS NULL THEN CAST(0 AS DECIMAL(18, 4)) ELSE c.marketing_cost END AS marketing_cost,
    CASE
      WHEN c.contact_id IS NULL THEN CAST(0 AS DECIMAL(18, 4)) ELSE c.own_acquisition_cost
    END AS own_acquisition_cost,
    COALESCE(s.campaign_share, CAST(0 AS DECIMAL(18, 4))) AS campaign_share,
    COALESCE(c.events, 0) AS cost_events,
    COALESCE(c.unrated_events, 0) AS unrated_events
  FROM contacts AS k
  LEFT JOIN money AS m ON m.contact_id = k.id
  LEFT JOIN goods AS g ON g.contact_id = k.id
  LEFT JOIN customer_costs AS c ON c.contact_id = k.id
  LEFT JOIN shares AS s ON s.contact_id = k.id
),
margins AS (
  SELECT
    *,
    CASE
      WHEN lines_without_cost = 0 AND has_all_lines THEN CAST(revenue - cost_of_goods AS DECIMAL(18, 4))
    END AS gross_margin,
    CAST(service_cost + order_cost + return_cost + delivery_cost AS DECIMAL(18, 4)) AS cost_to_serve,
    CAST(own_acquisition_cost + campaign_share AS DECIMAL(18, 4)) AS acquisition_cost
  FROM known
),
results AS (
  SELECT
    *,
    CAST(gross_margin - cost_to_serve - marketing_cost - acquisition_cost AS DECIMAL(18, 4)) AS profit
  FROM margins
),
ranked AS (
  SELECT
    contact_id,
    NTILE(5) OVER (ORDER BY revenue, contact_id) AS revenue_quintile,
    NTILE(5) OVER (ORDER BY profit, contact_id) AS profit_quintile,
    ROW_NUMBER() OVER (ORDER BY profit, contact_id) AS place,
    COUNT(*) OVER () AS population
  FROM results
  WHERE orders > 0 AND profit IS NOT NULL
)
SELECT
  r.contact_id,
  CAST(r.orders AS INT) AS orders,
  r.sales,
  r.discounts,
  r.returns,
  r.revenue,
  r.cost_of_goods,
  CAST(r.lines_without_cost AS INT) AS lines_without_cost,
  r.gross_margin,
  r.service_cost,
  r.order_cost,
  r.return_cost,
  r.delivery_cost,
  r.cost_to_serve,
  r.marketing_cost,
  r.campaign_share,
  r.acquisition_cost,
  r.profit,
  CAST(r.cost_events AS INT) AS cost_events,
  CAST(r.unrated_events AS INT) AS unrated_events,
  CASE WHEN q.population >= 5 THEN CAST(q.profit_quintile AS INT) END AS profit_quintile,
  CASE
    WHEN q.population < 5 THEN NULL
    WHEN q.revenue_quintile = 5 AND (2 * q.place <= q.population OR r.profit < 0) THEN 'expensive_to_maintain'
    WHEN q.revenue_quintile < 5 AND q.profit_quintile = 5 AND r.profit > 0 THEN 'quietly_profitable'
  END AS profit_finding
FROM results AS r
LEFT JOIN ranked AS q ON q.contact_id = r.contact_id
