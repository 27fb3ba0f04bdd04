-- How a contact buys: what comes back, at which discount, in which categories, and how much of it is for others.
-- reads: contacts, orders, order_lines, products, customer_metrics
-- window: all orders up to as_of
-- key: contact_id
--
-- Shares of money are of orders in the base currency that were not cancelled. A discount is what the customer did not
-- pay of the list price, whoever bears it.
-- bargain_hunter: 30% of the list price or more were discounts. big_spender: less than 15%, and among the two fifths
-- that brought most. mixed: everybody else with a discount share.
-- Gifts (orders or lines) are counted as such and are no part of taste: categories and products leave them out, as they
-- do what came back whole.
WITH counted AS (
  SELECT
    o.id,
    o.contact_id,
    o.is_gift,
    o.currency,
    o.subtotal,
    o.discount_total,
    o.reimbursed_total,
    o.total,
    o.returned_total
  FROM orders AS o
  JOIN contacts AS k ON k.id = o.contact_id
  WHERE o.status <> 'cancelled'
    AND o.placed_at <= CAST($as_of AS TIMESTAMP)
),
money AS (
  SELECT
    contact_id,
    CAST(SUM(subtotal) AS DECIMAL(18, 2)) AS listed,
    CAST(SUM(total) AS DECIMAL(18, 2)) AS received,
    CAST(SUM(returned_total) AS DECIMAL(18, 2)) AS returned,
    CAST(SUM(discount_total + reimbursed_total) AS DECIMAL(18, 2)) AS discounts
  FROM counted
  WHERE currency = $base_currency
  GROUP BY contact_id
),
lines AS (
  SELECT
    c.contact_id,
    c.id AS order_id,
    l.product_id,
    p.category,
    c.is_gift OR l.is_gift AS is_gift,
    l.returned_quantity >= l.quantity AS is_returned
  FROM order_lines AS l
  JOIN counted AS c ON c.id = l.order_id
  LEFT JOIN products AS p ON p.id = l.product_id
  WHERE l.quantity > 0
),
gifts AS (
  SELECT
    contact_id,
    COUNT(*) AS lines,
    COUNT(CASE WHEN is_gift THEN 1 END) AS gift_lines,
    COUNT(DISTINCT CASE WHEN NOT is_gift AND NOT is_returned THEN product_id END) AS products,
    COUNT(DISTINCT CASE WHEN NOT is_gift AND NOT is_returned THEN category END) AS categories
  FROM lines
  GROUP BY contact_id
),
-- The favourite is in most orders; among equals the first by name.
liked AS (
  SELECT contact_id, category, COUNT(DISTINCT order_id) AS orders
  FROM lines
  WHERE NOT is_gift AND NOT is_returned AND category IS NOT NULL
  GROUP BY contact_id, category
),
favourites AS (
  SELECT contact_id, category
  FROM (
    SELECT contact_id, category, ROW_NUMBER() OVER (PARTITION BY contact_id ORDER BY orders DESC, category) AS place
    FROM liked
  ) AS ranked
  WHERE place = 1
),
shares AS (
  SELECT
    contact_id,
    CASE WHEN received > 0 THEN CAST(returned AS DOUBLE) / CAST(received AS DOUBLE) END AS return_share,
    CASE
      WHEN listed > 0 AND discounts >= listed THEN CAST(1 AS DOUBLE)
      WHEN listed > 0 THEN CAST(discounts AS DOUBLE) / CAST(listed AS DOUBLE)
    END AS discount_share,
    100 * discounts >= 30 * listed AS is_discounted,
    100 * discounts < 15 * listed AS is_at_list_price
  FROM money
)
SELECT
  k.id AS contact_id,
  s.return_share,
  s.discount_share,
  CASE
    WHEN s.discount_share IS NULL THEN NULL
    WHEN s.is_discounted THEN 'bargain_hunter'
    WHEN s.is_at_list_price AND m.monetary_quintile >= 4 THEN 'big_spender'
    ELSE 'mixed'
  END AS discount_class,
  f.category AS favourite_category,
  CAST(COALESCE(g.categories, 0) AS INT) AS categories,
  CAST(COALESCE(g.products, 0) AS INT) AS products_bought,
  CASE WHEN g.lines > 0 THEN CAST(g.gift_lines AS DOUBLE) / CAST(g.lines AS DOUBLE) END AS gift_share
FROM contacts AS k
LEFT JOIN customer_metrics AS m ON m.contact_id = k.id
LEFT JOIN shares AS s ON s.contact_id = k.id
LEFT JOIN gifts AS g ON g.contact_id = k.id
LEFT JOIN favourites AS f ON f.contact_id = k.id
