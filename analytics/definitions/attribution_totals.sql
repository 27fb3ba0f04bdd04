-- What there is to attribute, for each meaning of conversion, and what no touch led to.
-- reads: attribution_journeys, attribution_touches, order_margins
-- window: touches within attribution_days before each order
-- key: conversion
-- result: report
WITH touched AS (
  SELECT conversion, order_id FROM attribution_journeys WHERE order_id IS NOT NULL AND place = 1
),
conversions AS (
  SELECT m.conversion, o.order_id, o.revenue, o.margin
  FROM order_margins AS o
  CROSS JOIN (SELECT 'every_order' AS conversion UNION ALL SELECT 'first_order' AS conversion) AS m
  WHERE m.conversion = 'every_order' OR o.place = 1
),
sums AS (
  SELECT
    c.conversion,
    COUNT(*) AS conversions,
    COUNT(t.order_id) AS attributed_conversions,
    COUNT(*) - COUNT(c.revenue) AS other_currency_conversions,
    COUNT(c.margin) AS margin_conversions,
    CAST(SUM(c.revenue) AS DECIMAL(18, 2)) AS revenue,
    CAST(SUM(c.margin) AS DECIMAL(18, 2)) AS margin,
    CAST(SUM(CASE WHEN t.order_id IS NOT NULL THEN c.revenue END) AS DECIMAL(18, 2)) AS attributed_revenue,
    CAST(SUM(CASE WHEN t.order_id IS NOT NULL THEN c.margin END) AS DECIMAL(18, 2)) AS attributed_margin,
    CAST(SUM(CASE WHEN t.order_id IS NULL THEN c.revenue END) AS DECIMAL(18, 2)) AS unattributed_revenue,
    CAST(SUM(CASE WHEN t.order_id IS NULL THEN c.margin END) AS DECIMAL(18, 2)) AS unattributed_margin
  FROM conversions AS c
  LEFT JOIN touched AS t ON t.conversion = c.conversion AND t.order_id = c.order_id
  GROUP BY c.conversion
),
counts AS (
  SELECT
    conversion,
    COUNT(*) AS touches,
    COUNT(CASE WHEN contact_id IS NULL THEN 1 END) AS touches_of_nobody_known,
    COUNT(DISTINCT contact_id) AS contacts,
    CAST(SUM(cost) AS DECIMAL(18, 2)) AS cost,
    COUNT(CASE WHEN cost_status = 'unknown' THEN 1 END) AS unknown_cost_touches,
    COUNT(CASE WHEN cost_status = 'other_currency' THEN 1 END) AS other_currency_touches
  FROM attribution_touches
  GROUP BY conversion
),
lost AS (
  SELECT conversion, COUNT(*) AS lost_journeys
  FROM attribution_journeys
  WHERE order_id IS NULL AND place = 1
  GROUP BY conversion
)
SELECT
  m.conversion,
  CAST($attribution_days AS INT) AS lookback_days,
  COALESCE(s.conversions, 0) AS conversions,
  COALESCE(s.attributed_conversions, 0) AS attributed_conversions,
  COALESCE(s.conversions - s.attributed_conversions, 0) AS unattributed_conversions,
  COALESCE(s.other_currency_conversions, 0) AS other_currency_conversions,
  COALESCE(s.margin_conversions, 0) AS margin_conversions,
  s.revenue,
  s.margin,
  s.attributed_revenue,
  s.attributed_margin,
  s.unattributed_revenue,
  s.unattributed_margin,
  COALESCE(l.lost_journeys, 0) AS lost_journeys,
  COALESCE(n.touches, 0) AS touches,
  COALESCE(n.touches_of_nobody_known, 0) AS touches_of_nobody_known,
  COALESCE(n.contacts, 0) AS contacts,
  n.cost,
  COALESCE(n.unknown_cost_touches, 0) AS unknown_cost_touches,
  COALESCE(n.other_currency_touches, 0) AS other_currency_touches
FROM (SELECT 'every_order' AS conversion UNION ALL SELECT 'first_order' AS conversion) AS m
LEFT JOIN sums AS s ON s.conversion = m.conversion
LEFT JOIN counts AS n ON n.conversion = m.conversion
LEFT JOIN lost AS l ON l.conversion = m.conversion
ORDER BY m.conversion
