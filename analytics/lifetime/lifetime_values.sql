-- One row per contact; `lifetime_scores` by distinct history, `lifetime_newcomers` by age (-1: somebody new today).
WITH valued AS (
  SELECT
    h.contact_id,
    h.repeats,
    h.recency_days,
    h.age_days,
    h.valued_repeats,
    CAST({value} AS DECIMAL(18, 4)) AS repeat_total
  FROM purchase_histories AS h
),
people AS (
  SELECT
    k.id AS contact_id,
    k.acquisition_source AS source,
    m.first_order_band AS band,
    v.contact_id IS NOT NULL AS has_ordered,
    v.repeats = 0 AND v.age_days <= $cold_days AS is_new,
    v.repeats,
    v.recency_days,
    v.age_days,
    v.valued_repeats,
    v.repeat_total,
    CAST(n.expected AS DECIMAL(18, 8)) AS foretold
  FROM contacts AS k
  LEFT JOIN valued AS v ON v.contact_id = k.id
  LEFT JOIN customer_metrics AS m ON m.contact_id = k.id
  LEFT JOIN lifetime_newcomers AS n ON n.age = v.age_days
),
-- The whole, and sources and bands beside it: sums are of decimals, the same in any order.
whole AS (
  SELECT
    CAST(SUM(repeat_total) AS DOUBLE) / NULLIF(CAST(SUM(valued_repeats) AS DOUBLE), 0) AS usual,
    CAST(COUNT(CASE WHEN has_ordered THEN 1 END) AS DOUBLE) / NULLIF(COUNT(*), 0) AS share,
    MAX(n.expected) AS expected,
    MAX(n.discounted) AS discounted,
    MAX(n.low) AS low,
    MAX(n.high) AS high
  FROM people
  CROSS JOIN (SELECT * FROM lifetime_newcomers WHERE age = -1) AS n
),
bands AS (
  SELECT source, band, SUM(repeats) AS repeats, SUM(foretold) AS foretold, SUM(repeat_total) AS total,
    SUM(valued_repeats) AS valued
  FROM people
  WHERE has_ordered AND NOT is_new
  GROUP BY source, band
),
sources AS (
  SELECT source, SUM(CASE WHEN NOT is_new THEN repeats END) AS repeats,
    SUM(CASE WHEN NOT is_new THEN foretold END) AS foretold, SUM(repeat_total) AS total,
    SUM(valued_repeats) AS valued, COUNT(*) AS contacts, COUNT(CASE WHEN has_ordered THEN 1 END) AS customers
  FROM people
  GROUP BY source
),
-- How much more or less often than the whole a group buys again, what a purchase there is worth, and who ever buys.
averages AS (
  SELECT
    p.contact_id,
    (COALESCE(g.repeats, 0) + $prior) / (COALESCE(CAST(g.foretold AS DOUBLE), 0) + $prior) AS pace,
    (COALESCE(CAST(g.total AS DOUBLE), 0) + $prior * w.usual) / (COALESCE(g.valued, 0) + $prior) AS mean,
    (COALESCE(s.repeats, 0) + $prior) / (COALESCE(CAST(s.foretold AS DOUBLE), 0) + $prior) AS source_pace,
    (COALESCE(CAST(s.total AS DOUBLE), 0) + $prior * w.usual) / (COALESCE(s.valued, 0) + $prior) AS source_mean,
    (COALESCE(s.customers, 0) + $prior * w.share) / (COALESCE(s.contacts, 0) + $prior) AS source_share
  FROM people AS p
  CROSS JOIN whole AS w
  LEFT JOIN bands AS g ON g.source IS NOT DISTINCT FROM p.source AND g.band IS NOT DISTINCT FROM p.band
  LEFT JOIN sources AS s ON s.source IS NOT DISTINCT FROM p.source
  WHERE p.is_new OR NOT p.has_ordered
),
found AS (
  SELECT
    p.contact_id,
    p.has_ordered,
    s.active AS active_probability,
    s.next_weeks,
    CASE
      WHEN NOT p.has_ordered THEN a.source_share * (1 + w.expected * a.source_pace)
      WHEN p.is_new THEN w.expected * a.pace
      ELSE s.expected
    END AS expected_purchases,
    CASE
      WHEN NOT p.has_ordered THEN a.source_share * (1 + w.discounted * a.source_pace) * a.source_mean
      WHEN p.is_new THEN w.discounted * a.pace * a.mean
      ELSE s.discounted * {mean}
    END AS value,
    CASE WHEN p.is_new THEN w.low * a.pace * a.mean WHEN p.has_ordered THEN s.low * {mean} END AS low,
    CASE WHEN p.is_new THEN w.high * a.pace * a.mean WHEN p.has_ordered THEN s.high * {mean} END AS high,
    CASE WHEN p.is_new OR NOT p.has_ordered THEN 'group_average' ELSE $method END AS method
  FROM people AS p
  CROSS JOIN whole AS w
  LEFT JOIN averages AS a ON a.contact_id = p.contact_id
  LEFT JOIN lifetime_scores AS s
    ON s.repeats = p.repeats AND s.recency = p.recency_days AND s.age = p.age_days
)
SELECT
  contact_id,
  ROUND(expected_purchases, 4) AS expected_purchases,
  ROUND(active_probability, 4) AS active_probability,
  CAST(ROUND(value, 2) AS DECIMAL(18, 2)) AS lifetime_value,
  CAST(ROUND(LEAST(low, high, value), 2) AS DECIMAL(18, 2)) AS lifetime_value_low,
  CAST(ROUND(GREATEST(low, high, value), 2) AS DECIMAL(18, 2)) AS lifetime_value_high,
  CASE WHEN expected_purchases IS NOT NULL THEN method END AS lifetime_value_method,
  CASE WHEN value IS NOT NULL THEN $basis END AS lifetime_value_basis,
  CASE
    WHEN next_weeks * 7 < 3660
      THEN CAST($as_of AS TIMESTAMP) + CAST(CEIL(next_weeks * 7) AS INTEGER) * INTERVAL 1 DAY
  END AS predicted_next_order_at
FROM found
