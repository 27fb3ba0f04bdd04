-- The journeys: touches of a contact in order, up to a conversion, or to nothing.
-- reads: attribution_touches, order_margins
-- window: touches within attribution_days before each order
-- key: conversion, contact_id, order_id, journey, place
--
-- A touch is within the window from the moment of the order back to `attribution_days` calendar days (UTC) before; it
-- leads to every order in whose window it is. Touches in no window form journeys that came to nothing: one ends where
-- more than that many days pass before the next touch. `seconds` is how long before the conversion a touch was.
WITH conversions AS (
  SELECT 'every_order' AS conversion, contact_id, order_id, placed_at, revenue, margin FROM order_margins
  UNION ALL
  SELECT 'first_order' AS conversion, contact_id, order_id, placed_at, revenue, margin FROM order_margins WHERE place = 1
),
led AS (
  SELECT
    t.*,
    c.order_id,
    c.placed_at,
    c.revenue,
    c.margin
  FROM attribution_touches AS t
  JOIN conversions AS c
    ON c.contact_id = t.contact_id
    AND c.conversion = t.conversion
    AND t.occurred_at <= c.placed_at
    AND DATE_DIFF('day', CAST(t.occurred_at AS DATE), CAST(c.placed_at AS DATE)) <= CAST($attribution_days AS INT)
),
idle AS (
  SELECT t.*, LAG(t.occurred_at) OVER (PARTITION BY t.conversion, t.contact_id ORDER BY t.occurred_at, t.touch_id) AS before
  FROM attribution_touches AS t
  LEFT JOIN (SELECT DISTINCT conversion, touch_id FROM led) AS l
    ON l.conversion = t.conversion AND l.touch_id = t.touch_id
  WHERE l.touch_id IS NULL AND t.contact_id IS NOT NULL
),
islands AS (
  SELECT
    i.*,
    SUM(
      CASE
        WHEN i.before IS NULL THEN 1
        WHEN DATE_DIFF('day', CAST(i.before AS DATE), CAST(i.occurred_at AS DATE)) > CAST($attribution_days AS INT) THEN 1
        ELSE 0
      END
    ) OVER (
      PARTITION BY i.conversion, i.contact_id ORDER BY i.occurred_at, i.touch_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS journey
  FROM idle AS i
)
SELECT
  conversion,
  contact_id,
  order_id,
  CAST(0 AS INT) AS journey,
  CAST(ROW_NUMBER() OVER (PARTITION BY conversion, order_id ORDER BY occurred_at, touch_id) AS INT) AS place,
  touch_id,
  CAST(FLOOR(EPOCH(placed_at)) AS BIGINT) - CAST(FLOOR(EPOCH(occurred_at)) AS BIGINT) AS seconds,
  revenue,
  margin,
  source,
  medium,
  campaign_code,
  channel
FROM led
UNION ALL
SELECT
  conversion,
  contact_id,
  CAST(NULL AS VARCHAR) AS order_id,
  CAST(journey AS INT) AS journey,
  CAST(
    ROW_NUMBER() OVER (PARTITION BY conversion, contact_id, journey ORDER BY occurred_at, touch_id) AS INT
  ) AS place,
  touch_id,
  CAST(NULL AS BIGINT) AS seconds,
  CAST(NULL AS DECIMAL(18, 2)) AS revenue,
  CAST(NULL AS DECIMAL(18, 2)) AS margin,
  source,
  medium,
  campaign_code,
  channel
FROM islands
