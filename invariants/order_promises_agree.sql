-- The promise date in the state of an order is the first day that it or a line is requested for.
SELECT o.id, o.requested_delivery_date, s.promised_on
FROM orders.order o JOIN orders.order_state s ON s.order_id = o.id
WHERE s.promised_on IS DISTINCT FROM least(o.requested_delivery_date,
    (SELECT min(l.requested_delivery_date) FROM orders.order_line l WHERE l.order_id = o.id))
