-- Every customer's purchases as models of lifetime value take them: how often, how recent, since when, worth how much.
-- reads: contacts, orders, order_lines
-- window: all orders up to as_of
-- key: contact_id
--
-- All orders of one day (UTC) that were not cancelled are one purchase; the first is none of the `repeats`. Days are
-- numbers since 1970-01-01. Values are of repeats only, by published practice: in the base currency, less returns.
-- `cost` is known of orders whose lines all have a cost; the net of the others is `uncosted`.
-- `calibration_*` ends with the day calibration_end, by default after two thirds of the time since the first order;
-- purchases after it are `holdout_purchases`.
WITH order_costs AS (
  SELECT
    order_id,
    CAST(SUM(CAST(unit_cost * (quantity - returned_quantity) AS DECIMAL(18, 4))) AS DECIMAL(18, 2)) AS cost
  FROM order_lines
  GROUP BY order_id
  HAVING COUNT(*) = COUNT(unit_cost)
),
counted AS (
  SELECT
    o.contact_id,
    DATE_DIFF('day', CAST('1970-01-01' AS DATE), CAST(o.placed_at AS DATE)) AS day,
    CASE WHEN o.currency = $base_currency THEN o.total - o.returned_total END AS net,
    CASE WHEN o.currency = $base_currency THEN c.cost END AS cost
  FROM orders AS o
  JOIN contacts AS k ON k.id = o.contact_id
  LEFT JOIN order_costs AS c ON c.order_id = o.id
  WHERE o.status <> 'cancelled'
    AND o.placed_at <= CAST($as_of AS TIMESTAMP)
),
days AS (
  SELECT
    contact_id,
    day,
    SUM(net) AS net,
    SUM(cost) AS cost,
    SUM(CASE WHEN cost IS NULL THEN net END) AS uncosted
  FROM counted
  GROUP BY contact_id, day
),
firsts AS (
  SELECT contact_id, MIN(day) AS first_day FROM days GROUP BY contact_id
),
span AS (
  SELECT
    last_day,
    COALESCE(
      DATE_DIFF('day', CAST('1970-01-01' AS DATE), CAST($calibration_end AS DATE)),
      last_day - (last_day - first_day) // 3
    ) AS calibration_day
  FROM (
    SELECT
      MIN(first_day) AS first_day,
      MAX(DATE_DIFF('day', CAST('1970-01-01' AS DATE), CAST(CAST($as_of AS TIMESTAMP) AS DATE))) AS last_day
    FROM firsts
  ) AS bounds
)
SELECT
  d.contact_id,
  CAST(f.first_day AS INT) AS first_day,
  CAST(MAX(s.calibration_day) AS INT) AS calibration_day,
  CAST(MAX(s.last_day) AS INT) AS last_day,
  CAST(COUNT(*) - 1 AS INT) AS repeats,
  CAST(MAX(d.day) - f.first_day AS INT) AS recency_days,
  CAST(MAX(s.last_day) - f.first_day AS INT) AS age_days,
  CAST(COUNT(CASE WHEN d.day > f.first_day THEN d.net END) AS INT) AS valued_repeats,
  CAST(SUM(CASE WHEN d.day > f.first_day THEN d.net END) AS DECIMAL(18, 2)) AS repeat_value,
  CAST(SUM(CASE WHEN d.day > f.first_day THEN d.cost END) AS DECIMAL(18, 2)) AS repeat_cost,
  CAST(SUM(CASE WHEN d.day > f.first_day THEN d.uncosted END) AS DECIMAL(18, 2)) AS repeat_uncosted,
  CAST(MAX(s.calibration_day) - f.first_day AS INT) AS calibration_age_days,
  CAST(COUNT(CASE WHEN d.day <= s.calibration_day THEN 1 END) - 1 AS INT) AS calibration_repeats,
  CAST(MAX(CASE WHEN d.day <= s.calibration_day THEN d.day END) - f.first_day AS INT) AS calibration_recency_days,
  CAST(COUNT(CASE WHEN d.day > f.first_day AND d.day <= s.calibration_day THEN d.net END) AS INT)
    AS calibration_valued_repeats,
  CAST(SUM(CASE WHEN d.day > f.first_day AND d.day <= s.calibration_day THEN d.net END) AS DECIMAL(18, 2))
    AS calibration_repeat_value,
  CAST(SUM(CASE WHEN d.day > f.first_day AND d.day <= s.calibration_day THEN d.cost END) AS DECIMAL(18, 2))
    AS calibration_repeat_cost,
  CAST(SUM(CASE WHEN d.day > f.first_day AND d.day <= s.calibration_day THEN d.uncosted END) AS DECIMAL(18, 2))
    AS calibration_repeat_uncosted,
  CAST(COUNT(CASE WHEN d.day > s.calibration_day THEN 1 END) AS INT) AS holdout_purchases
FROM days AS d
JOIN firsts AS f ON f.contact_id = d.contact_id
CROSS JOIN span AS s
GROUP BY d.contact_id, f.first_day
