-- The tables that the store's columns are read from: customers, bought, sold, products_sold, touched.
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
LEFT JOIN companies AS k ON k.id = c.company_id;

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
WHERE o.status <> 'cancelled';

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
LEFT JOIN (SELECT line_id, SUM(amount) AS amount FROM order_returns GROUP BY line_id) AS r ON r.line_id = l.id;

-- What the lines of an order do not account for (a discount of the whole order, an order without lines) is a line
-- without a product, so that lines add up to their orders exactly.
CREATE TABLE sold AS
WITH added AS (
  SELECT
    m,
    SUM(revenue) AS revenue,
    SUM(returned) AS returned,
    SUM(discount) AS discount,
    SUM(list_price) AS list_price,
    SUM(units) AS units,
    SUM(cost) AS cost,
    COUNT(*) = COUNT(cost) AS is_costed
  FROM lines_sold
  GROUP BY m
),
rest AS (
  SELECT
    b.m,
    b.revenue - COALESCE(a.revenue, 0) AS revenue,
    b.returned - COALESCE(a.returned, 0) AS returned,
    b.discount - COALESCE(a.discount, 0) AS discount,
    b.list_price - COALESCE(a.list_price, 0) AS list_price,
    a.m IS NULL AS is_bare,
    a.is_costed
  FROM bought AS b
  LEFT JOIN added AS a ON a.m = b.m
)
SELECT m, id, product_id, revenue, returned, discount, list_price, units, revenue - cost AS margin
FROM lines_sold
UNION ALL
SELECT
  m, NULL, NULL, revenue, returned, discount, list_price, 0,
  -- A discount of the whole order costs nothing; it counts where the cost of all that it is on is known.
  CASE WHEN is_costed THEN revenue END
FROM rest
WHERE is_bare OR revenue <> 0 OR returned <> 0 OR discount <> 0 OR list_price <> 0;

CREATE TABLE products_sold AS
SELECT p.id, COALESCE(p.name, p.sku) AS name, p.category, p.brand, p.line_id, l.name AS line_name
FROM products AS p
LEFT JOIN product_lines AS l ON l.id = p.line_id;

CREATE TABLE touched AS
SELECT t.occurred_at AS placed_at, c.n AS customer, CAST(t.cost * 100 AS BIGINT) AS cost
FROM touches AS t
JOIN customers AS c ON c.id = t.contact_id
WHERE t.cost IS NOT NULL AND t.currency = $base_currency;
