-- Live fulfillment orders, and what ended ones shipped, never ask more of a line than was ordered and not canceled.
SELECT o.id, o.quantity, o.canceled, sum(CASE WHEN f.state IN ('declined', 'canceled', 'closed') THEN l.shipped
                                             ELSE l.quantity END) AS asked
FROM orders.order_line o
JOIN fulfillment.fulfillment_order_line l ON l.order_line_id = o.id
JOIN fulfillment.fulfillment_order f ON f.id = l.fulfillment_order_id
GROUP BY o.id
HAVING sum(CASE WHEN f.state IN ('declined', 'canceled', 'closed') THEN l.shipped ELSE l.quantity END)
    > o.quantity - o.canceled
