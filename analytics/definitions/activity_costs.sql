-- What every activity cost in all, how much of it there was, and what could not be costed, and why.
-- reads: contacts, orders, order_lines, order_returns, interactions, cases, touches, cost_activities, cost_rates
-- inlines: cost_events
-- window: all that happened up to as_of
-- key: activity, statement_line, customer, reason
-- result: report
--
-- customer: contact, or none where the event is nobody's, a company's or a deleted contact's: no profit has it.
SELECT
  e.activity,
  e.statement_line,
  CASE WHEN k.id IS NULL THEN 'none' ELSE 'contact' END AS customer,
  COALESCE(e.reason, '') AS reason,
  COUNT(*) AS events,
  CAST(SUM(e.quantity) AS DECIMAL(24, 3)) AS quantity,
  CAST(SUM(e.amount) AS DECIMAL(24, 4)) AS amount
FROM cost_events AS e
LEFT JOIN contacts AS k ON k.id = e.contact_id
GROUP BY e.activity, e.statement_line, CASE WHEN k.id IS NULL THEN 'none' ELSE 'contact' END, COALESCE(e.reason, '')
ORDER BY activity, statement_line, customer, reason
