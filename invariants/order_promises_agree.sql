-- The promise date in the state of an order is the requested delivery date of the order.
SELECT o.id, o.requested_delivery_date, s.promised_on
FROM orders.order o JOIN orders.order_state s ON s.order_id = o.id
WHERE s.promised_on IS DISTINCT FROM o.requested_delivery_date
