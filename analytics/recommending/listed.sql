-- The candidates with their ranks and reasons in words; lapsed customers get one open offer instead.
WITH lapsed AS (
  SELECT contact_id, days_since_purchase, usual_gap_days FROM purchase_rhythm WHERE rhythm_state = 'lapsed'
),
ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY customer ORDER BY place, score DESC, product) AS rank
  FROM recommending_candidates
)
SELECT
  c.contact_id,
  CAST(r.rank AS INT) AS rank,
  CASE r.place WHEN 1 THEN 'repurchase' ELSE 'new' END AS kind,
  p.product_id,
  b.product_id AS related_product_id,
  CAST(r.score AS DOUBLE) AS score,
  CASE
    WHEN r.place = 1 AND r.times > 1 THEN
      'bought ' || r.times || ' times, usually every ' || r.gap || ' days, last on '
      || CAST(CAST($as_of AS TIMESTAMP) AS DATE) - r.age
    WHEN r.place = 1 AND r.gap >= 0 THEN
      'bought on ' || CAST(CAST($as_of AS TIMESTAMP) AS DATE) - r.age || ', usually bought again after ' || r.gap || ' days'
    WHEN r.place = 1 THEN 'bought on ' || CAST(CAST($as_of AS TIMESTAMP) AS DATE) - r.age
    WHEN b.product_id IS NOT NULL THEN 'goes with ' || n.name || ', which was bought before'
    ELSE 'bought by ' || r.times || ' customers, not yet by this one'
  END AS reason
FROM ranked AS r
JOIN recommending_customers AS c ON c.number = r.customer
JOIN recommending_products AS p ON p.number = r.product
LEFT JOIN recommending_products AS b ON b.number = r.because
LEFT JOIN products AS n ON n.id = b.product_id
WHERE r.rank <= $limit
  AND NOT EXISTS (SELECT 1 FROM lapsed AS l WHERE l.contact_id = c.contact_id)
UNION ALL
SELECT
  contact_id,
  1 AS rank,
  'anything' AS kind,
  NULL AS product_id,
  NULL AS related_product_id,
  NULL AS score,
  'has not bought for ' || days_since_purchase || ' days, usually every ' || usual_gap_days || ' days' AS reason
FROM lapsed
