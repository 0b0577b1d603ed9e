-- Units of an order line that are shipped, canceled or in a fulfillment order never exceed the ordered ones.
SELECT id, order_id, line_number, quantity, shipped, canceled, released
FROM orders.order_line
WHERE shipped + canceled + released > quantity OR least(shipped, canceled, released) < 0
