-- The tables that the store's columns are read from, each in the order in which its rows are numbered.
-- Numbers of customers and of orders count from 0. Amounts are whole cents of $base_currency, quantities thousandths.
--
-- Behaviour counts every order that was not cancelled; money those in the base currency, less what was returned: the
-- rules of customer_metrics.sql. Amounts in other currencies are never added.

CREATE TABLE customers AS
SELECT
  CAST(ROW_NUMBER() OVER (ORDER BY c.id) - 1 AS INTEGER) AS n,
  c.*,
  -- Where somebody came from: the earliest touch, or what was said of them where no touch is known.
  COALESCE(c.acquisition_source, c.source) AS came_from,
  k.industry
FROM contacts AS c
LEFT JOIN companies AS k ON k.id = c.company_id
ORDER BY n;

CREATE TABLE bought AS
SELECT
  CAST(ROW_NUMBER() OVER (ORDER BY o.placed_at, o.id) - 1 AS INTEGER) AS m,
  o.id,
  c.n AS customer,
  o.placed_at,
  o.currency = $base_currency AS is_money,
  CASE WHEN o.currency = $base_currency THEN CAST((o.total - o.returned_total) * 100 AS BIGINT) ELSE 0 END AS revenue,
  CASE WHEN o.currency = $base_currency THEN CAST(o.returned_total * 100 AS BIGINT) ELSE 0 END AS returned,
  CASE WHEN o.currency = $base_currency THEN CAST(o.discount_total * 100 AS BIGINT) ELSE 0 END AS discount,
  CASE WHEN o.currency = $base_currency THEN CAST(o.subtotal * 100 AS BIGINT) ELSE 0 END AS list_price,
  o.channel,
  o.coupon_code,
  o.location
FROM orders AS o
JOIN customers AS c ON c.id = o.contact_id
WHERE o.status <> 'cancelled'
ORDER BY m;

-- What one line brought, and what of it the goods cost that were not sent back: null where that is not known.
CREATE TABLE lines_sold AS
SELECT
  b.m,
  l.id,
  l.product_id,
  CASE WHEN b.is_money THEN CAST((l.total - COALESCE(r.amount, 0)) * 100 AS BIGINT) ELSE 0 END AS revenue,
  CASE WHEN b.is_money THEN CAST(COALESCE(r.amount, 0) * 100 AS BIGINT) ELSE 0 END AS returned,
  CASE WHEN b.is_money THEN CAST(l.discount_total * 100 AS BIGINT) ELSE 0 END AS discount,
  CASE WHEN b.is_money THEN CAST(l.subtotal * 100 AS BIGINT) ELSE 0 END AS list_price,
  CAST((l.quantity - l.returned_quantity) * 1000 AS BIGINT) AS units,
  CASE WHEN b.is_money THEN
    CAST(ROUND(CAST((l.quantity - l.returned_quantity) * l.unit_cost * 100 AS DECIMAL(38, 7)), 0) AS BIGINT)
  END AS cost
FROM order_lines AS l
JOIN bought AS b ON b.id = l.order_id
LEFT JOIN (SELECT line_id, SUM(amount) AS amount FROM order_returns GROUP BY line_id) AS r ON r.line_id = l.id
ORDER BY b.m, l.id;

CREATE TABLE products_sold AS
SELECT p.id, COALESCE(p.name, p.sku) AS name, p.category, p.brand, p.line_id, l.name AS line_name
FROM products AS p
LEFT JOIN product_lines AS l ON l.id = p.line_id
ORDER BY p.id;

CREATE TABLE touched AS
SELECT t.occurred_at AS placed_at, c.n AS customer, CAST(t.cost * 100 AS BIGINT) AS cost
FROM touches AS t
JOIN customers AS c ON c.id = t.contact_id
WHERE t.cost IS NOT NULL AND t.currency = $base_currency
ORDER BY t.occurred_at, customer, cost;
