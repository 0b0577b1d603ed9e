-- Units in fulfillment of an order line are exactly the unshipped units of its live fulfillment orders.
SELECT o.id, o.in_fulfillment, coalesce(sum(l.quantity - l.shipped), 0) AS in_fulfillment_orders
FROM orders.order_line o
LEFT JOIN (
    fulfillment.fulfillment_order_line l
    JOIN fulfillment.fulfillment_order f
        ON f.id = l.fulfillment_order_id AND f.state NOT IN ('declined', 'canceled', 'closed')
) ON l.order_line_id = o.id
GROUP BY o.id
HAVING o.in_fulfillment <> coalesce(sum(l.quantity - l.shipped), 0)
