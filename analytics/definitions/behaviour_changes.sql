-- The behavioural stage of every customer at the end of each month in which it changed: new, active, loyal, at_risk,
-- lapsed, reactivated.
-- reads: contacts, orders
-- window: all orders up to as_of
-- key: contact_id, month
--
-- Orders of one day are one occasion. A customer's rhythm is the mean gap between occasions so far, from the third
-- occasion on; before that the median gap of all customers, or 90 days where nobody came back; at least 7 days. After
-- twice the rhythm without an order a customer is at risk, after four times lapsed. An order that ends a lapse makes
-- reactivated; the fifth occasion makes loyal. A month is a number: twelve times the year, and the months before it.
WITH days AS (
  SELECT
    o.contact_id,
    DATE_DIFF('day', CAST('1970-01-01' AS DATE), CAST(o.placed_at AS DATE)) AS day
  FROM orders AS o
  JOIN contacts AS k ON k.id = o.contact_id
  WHERE o.status <> 'cancelled' AND o.placed_at <= CAST($as_of AS TIMESTAMP)
  GROUP BY 1, 2
),
numbered AS (
  SELECT
    contact_id,
    day,
    ROW_NUMBER() OVER (PARTITION BY contact_id ORDER BY day) AS place,
    MIN(day) OVER (PARTITION BY contact_id) AS first_day,
    LAG(day) OVER (PARTITION BY contact_id ORDER BY day) AS previous_day,
    LEAD(day) OVER (PARTITION BY contact_id ORDER BY day) AS next_day
  FROM days
),
gaps AS (
  SELECT day - previous_day AS gap, COUNT(*) AS times
  FROM numbered
  WHERE previous_day IS NOT NULL
  GROUP BY 1
),
added_gaps AS (
  SELECT
    gap,
    SUM(times) OVER (ORDER BY gap ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS up_to,
    SUM(times) OVER () AS times
  FROM gaps
),
everybody AS (
  SELECT COALESCE(MIN(CASE WHEN 2 * up_to >= times THEN gap END), 90) AS gap FROM added_gaps
),
paced AS (
  SELECT
    n.contact_id,
    n.day,
    n.place,
    n.previous_day,
    n.next_day,
    GREATEST(
      7,
      CASE
        WHEN n.place >= 3 THEN (2 * (n.day - n.first_day) + n.place - 1) // (2 * (n.place - 1))
        ELSE e.gap
      END
    ) AS rhythm
  FROM numbered AS n
  CROSS JOIN everybody AS e
),
occasions AS (
  SELECT
    contact_id,
    day,
    next_day,
    rhythm,
    CASE
      WHEN day - previous_day > 4 * LAG(rhythm) OVER (PARTITION BY contact_id ORDER BY day) THEN 'reactivated'
      WHEN place = 1 THEN 'new'
      WHEN place >= 5 THEN 'loyal'
      ELSE 'active'
    END AS stage
  FROM paced
),
changes AS (
  SELECT contact_id, day, next_day, stage FROM occasions
  UNION ALL
  SELECT contact_id, day + 2 * rhythm + 1 AS day, next_day, 'at_risk' AS stage FROM occasions
  UNION ALL
  SELECT contact_id, day + 4 * rhythm + 1 AS day, next_day, 'lapsed' AS stage FROM occasions
),
happened AS (
  SELECT
    contact_id,
    day,
    stage,
    CAST('1970-01-01' AS DATE) + CAST(day AS INT) AS happened_on
  FROM changes
  WHERE (next_day IS NULL OR day < next_day)
    AND day <= DATE_DIFF('day', CAST('1970-01-01' AS DATE), CAST(CAST($as_of AS TIMESTAMP) AS DATE))
),
monthly AS (
  SELECT
    contact_id,
    CAST(12 * EXTRACT(YEAR FROM happened_on) + EXTRACT(MONTH FROM happened_on) - 1 AS INT) AS month,
    day,
    stage
  FROM happened
),
last_of_month AS (
  SELECT
    contact_id,
    month,
    stage,
    ROW_NUMBER() OVER (PARTITION BY contact_id, month ORDER BY day DESC) AS place
  FROM monthly
),
kept AS (
  SELECT contact_id, month, stage, LAG(stage) OVER (PARTITION BY contact_id ORDER BY month) AS from_stage
  FROM last_of_month
  WHERE place = 1
)
SELECT contact_id, month, from_stage, stage
FROM kept
WHERE from_stage IS NULL OR from_stage <> stage
