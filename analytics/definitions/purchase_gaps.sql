-- The days between one purchase and the next, by contact and by the number of the earlier purchase.
-- reads: contacts, orders
-- window: all orders up to as_of
-- key: contact_id, number
--
-- A purchase is a day with at least one order that was not cancelled: two orders on one day are one purchase.
WITH days AS (
  SELECT DISTINCT o.contact_id, CAST(o.placed_at AS DATE) AS day
  FROM orders AS o
  JOIN contacts AS k ON k.id = o.contact_id
  WHERE o.status <> 'cancelled'
    AND o.placed_at <= CAST($as_of AS TIMESTAMP)
),
numbered AS (
  SELECT
    contact_id,
    day,
    ROW_NUMBER() OVER (PARTITION BY contact_id ORDER BY day) AS number,
    LEAD(day) OVER (PARTITION BY contact_id ORDER BY day) AS next_day
  FROM days
)
SELECT
  contact_id,
  CAST(number AS INT) AS number,
  day,
  CAST(DATE_DIFF('day', day, next_day) AS INT) AS gap_days
FROM numbered
