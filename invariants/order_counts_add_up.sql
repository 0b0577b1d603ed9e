-- The counters of orders by state are exactly the orders in each state.
SELECT coalesce(c.state, s.state) AS state, coalesce(c.orders, 0) AS counted, coalesce(s.orders, 0) AS orders
FROM (SELECT state, sum(orders) AS orders FROM orders.order_count_delta GROUP BY state) c
FULL JOIN (SELECT state, count(*) AS orders FROM orders.order_state GROUP BY state) s ON s.state = c.state
WHERE coalesce(c.orders, 0) <> coalesce(s.orders, 0)
