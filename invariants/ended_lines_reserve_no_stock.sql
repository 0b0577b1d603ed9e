-- Lines that are canceled, completed or completely shipped have no open reservation.
SELECT l.id, l.order_id, l.state, r.open
FROM orders.order_line l
JOIN inventory_visibility.reservation r ON r.line_id = l.id AND r.open > 0
WHERE l.state IN ('canceled', 'completed') OR l.shipped + l.canceled = l.quantity
