-- Everything that is computed about a contact, in one row: what is stored as its metrics.
-- reads: customer_metrics
-- window: all orders up to as_of
-- key: contact_id
SELECT
  m.contact_id,
  m.recency_days,
  m.frequency,
  m.monetary,
  m.other_currency_orders,
  m.tenure_days,
  m.first_order_at,
  m.last_order_at,
  m.average_order_value,
  m.first_order_value,
  m.first_order_band,
  m.recency_quintile,
  m.frequency_quintile,
  m.monetary_quintile,
  m.rfm_segment,
  m.is_top20
FROM customer_metrics AS m
