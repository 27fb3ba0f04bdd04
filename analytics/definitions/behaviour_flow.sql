-- How many customers went from one behavioural stage to another in each month; those who bought first come from none.
-- reads: behaviour_changes
-- window: all orders up to as_of
-- key: month, from_stage, stage
-- result: report
SELECT month, from_stage, stage, COUNT(*) AS customers
FROM behaviour_changes
GROUP BY month, from_stage, stage
ORDER BY month, from_stage NULLS FIRST, stage
