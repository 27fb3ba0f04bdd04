-- How long customers take for their next purchase, by how many they had made: what a short own history is held against.
-- reads: purchase_gaps
-- window: all orders up to as_of
-- key: number, gap_days
--
-- `number` is that of the purchase before the gap; from the sixth on a customer has an own history (purchase_rhythm).
-- Number 0 is all gaps together. `cumulative` of `total` gaps are no longer than `gap_days`.
WITH listed AS (
  SELECT number, gap_days FROM purchase_gaps WHERE gap_days IS NOT NULL AND number <= 5
  UNION ALL
  SELECT 0 AS number, gap_days FROM purchase_gaps WHERE gap_days IS NOT NULL
),
counted AS (
  SELECT number, gap_days, COUNT(*) AS gaps FROM listed GROUP BY number, gap_days
)
SELECT
  CAST(number AS INT) AS number,
  gap_days,
  gaps,
  CAST(SUM(gaps) OVER (PARTITION BY number ORDER BY gap_days) AS BIGINT) AS cumulative,
  CAST(SUM(gaps) OVER (PARTITION BY number) AS BIGINT) AS total
FROM counted
