-- Everything that is computed about a contact, in one row: what is stored as its metrics.
-- reads: customer_metrics, purchase_rhythm, buying_habits, behaviour_stages, customer_tiers, lifetime_values, customer_profits, retention_worths
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
  m.is_top20,
  r.purchase_days,
  r.median_gap_days,
  r.rhythm_basis,
  r.usual_gap_days,
  r.late_gap_days,
  r.gap_percentile,
  r.expected_next_order_on,
  r.rhythm_state,
  r.is_overdue,
  h.return_share,
  h.discount_share,
  h.discount_class,
  h.favourite_category,
  h.categories,
  h.products_bought,
  h.gift_share,
  b.behaviour_stage,
  t.tier,
  t.tier_since,
  l.expected_purchases,
  l.active_probability,
  l.lifetime_value,
  l.lifetime_value_low,
  l.lifetime_value_high,
  l.lifetime_value_method,
  l.lifetime_value_basis,
  l.predicted_next_order_at,
  p.cost_of_goods,
  p.lines_without_cost,
  p.gross_margin,
  p.service_cost,
  p.order_cost,
  p.return_cost,
  p.delivery_cost,
  p.cost_to_serve,
  p.marketing_cost,
  p.campaign_share,
  p.acquisition_cost,
  p.profit,
  p.cost_events,
  p.unrated_events,
  p.profit_quintile,
  p.profit_finding,
  w.retention_worth
FROM customer_metrics AS m
JOIN purchase_rhythm AS r ON r.contact_id = m.contact_id
JOIN buying_habits AS h ON h.contact_id = m.contact_id
LEFT JOIN behaviour_stages AS b ON b.contact_id = m.contact_id
LEFT JOIN customer_tiers AS t ON t.contact_id = m.contact_id
LEFT JOIN lifetime_values AS l ON l.contact_id = m.contact_id
LEFT JOIN customer_profits AS p ON p.contact_id = m.contact_id
LEFT JOIN retention_worths AS w ON w.contact_id = m.contact_id
