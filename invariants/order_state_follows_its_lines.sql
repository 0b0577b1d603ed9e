-- A completed order owes nothing, a canceled one shipped nothing, and an order said to be shipped has shipped.
SELECT o.order_id, o.state, o.reason, sum(l.quantity) AS ordered, sum(l.shipped) AS shipped, sum(l.canceled) AS canceled
FROM orders.order_state o
JOIN orders.order_line l ON l.order_id = o.order_id
GROUP BY o.order_id
HAVING (o.state = 'completed' AND bool_or(l.state NOT IN ('completed', 'canceled') OR l.in_fulfillment > 0))
    OR (o.state = 'canceled' AND bool_or(l.state <> 'canceled' OR l.canceled <> l.quantity))
    OR (o.state NOT IN ('completed', 'canceled') AND bool_and(l.state IN ('completed', 'canceled')))
    OR (o.reason IN ('Shipped', 'Delivered') AND o.state = 'fulfillment_in_process' AND sum(l.shipped) > 0
        AND bool_or(l.shipped + l.canceled <> l.quantity))
