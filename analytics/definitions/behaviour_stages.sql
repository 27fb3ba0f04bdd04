-- The behavioural stage of every customer as of now.
-- reads: behaviour_changes
-- window: all orders up to as_of
-- key: contact_id
WITH ranked AS (
  SELECT contact_id, stage, ROW_NUMBER() OVER (PARTITION BY contact_id ORDER BY month DESC) AS place
  FROM behaviour_changes
)
SELECT contact_id, stage AS behaviour_stage
FROM ranked
WHERE place = 1
