-- What serving and reaching every contact cost, by head of the profit and loss, and how much of it has no rate.
-- reads: contacts, orders, order_lines, order_returns, interactions, cases, touches, cost_activities, cost_rates
-- inlines: cost_events
-- window: all that happened up to as_of
-- key: contact_id
--
-- A head with events of which none could be costed is null, not 0.
SELECT
  e.contact_id,
  COUNT(*) AS events,
  COUNT(*) - COUNT(e.amount) AS unrated_events,
  CAST(
    CASE
      WHEN COUNT(CASE WHEN e.statement_line = 'service' THEN 1 END) = 0 THEN 0
      ELSE SUM(CASE WHEN e.statement_line = 'service' THEN e.amount END)
    END AS DECIMAL(18, 4)
  ) AS service_cost,
  CAST(
    CASE
      WHEN COUNT(CASE WHEN e.statement_line = 'order' THEN 1 END) = 0 THEN 0
      ELSE SUM(CASE WHEN e.statement_line = 'order' THEN e.amount END)
    END AS DECIMAL(18, 4)
  ) AS order_cost,
  CAST(
    CASE
      WHEN COUNT(CASE WHEN e.statement_line = 'return' THEN 1 END) = 0 THEN 0
      ELSE SUM(CASE WHEN e.statement_line = 'return' THEN e.amount END)
    END AS DECIMAL(18, 4)
  ) AS return_cost,
  CAST(
    CASE
      WHEN COUNT(CASE WHEN e.statement_line = 'delivery' THEN 1 END) = 0 THEN 0
      ELSE SUM(CASE WHEN e.statement_line = 'delivery' THEN e.amount END)
    END AS DECIMAL(18, 4)
  ) AS delivery_cost,
  CAST(
    CASE
      WHEN COUNT(CASE WHEN e.statement_line = 'marketing' THEN 1 END) = 0 THEN 0
      ELSE SUM(CASE WHEN e.statement_line = 'marketing' THEN e.amount END)
    END AS DECIMAL(18, 4)
  ) AS marketing_cost,
  CAST(
    CASE
      WHEN COUNT(CASE WHEN e.statement_line = 'acquisition' THEN 1 END) = 0 THEN 0
      ELSE SUM(CASE WHEN e.statement_line = 'acquisition' THEN e.amount END)
    END AS DECIMAL(18, 4)
  ) AS own_acquisition_cost
FROM cost_events AS e
JOIN contacts AS k ON k.id = e.contact_id
GROUP BY e.contact_id
