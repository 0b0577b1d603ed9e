-- Units of an order line that are shipped, canceled or in a fulfillment order never exceed the ordered ones.
SELECT id, order_id, line_number, quantity, shipped, canceled, in_fulfillment
FROM orders.order_line
WHERE shipped + canceled + in_fulfillment > quantity OR least(shipped, canceled, in_fulfillment) < 0
