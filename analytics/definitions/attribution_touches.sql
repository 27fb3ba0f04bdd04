-- The touches that could lead to a conversion, once for each meaning of conversion.
-- reads: touches, contacts, order_margins
-- window: touches up to as_of
-- key: conversion, touch_id
--
-- first_order: touches of contacts before their first order. every_order: all touches. Touches of nobody known are on
-- no journey, and yet cost what they cost.
WITH reached AS (
  SELECT t.*, f.placed_at AS first_order_at
  FROM touches AS t
  LEFT JOIN contacts AS k ON k.id = t.contact_id
  LEFT JOIN order_margins AS f ON f.contact_id = t.contact_id AND f.place = 1
  WHERE t.occurred_at <= CAST($as_of AS TIMESTAMP)
    AND (t.contact_id IS NULL OR k.id IS NOT NULL)
)
SELECT
  m.conversion,
  r.id AS touch_id,
  r.contact_id,
  r.occurred_at,
  r.source,
  r.medium,
  r.campaign_code,
  r.channel,
  CASE WHEN r.currency = $base_currency THEN r.cost END AS cost,
  CASE
    WHEN r.cost IS NULL THEN 'unknown'
    WHEN r.currency = $base_currency THEN 'known'
    ELSE 'other_currency'
  END AS cost_status
FROM reached AS r
CROSS JOIN (SELECT 'every_order' AS conversion UNION ALL SELECT 'first_order' AS conversion) AS m
WHERE m.conversion = 'every_order' OR r.first_order_at IS NULL OR r.occurred_at <= r.first_order_at
