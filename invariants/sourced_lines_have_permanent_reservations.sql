-- A sourced line keeps its stock until it is shipped or released: its reservations do not expire.
SELECT l.id, l.order_id, l.state, r.id AS reservation, r.open, r.expires_at
FROM orders.order_line l
JOIN inventory_visibility.reservation r ON r.line_id = l.id AND r.open > 0
WHERE l.state = 'fulfillment_in_process' AND r.expires_at IS NOT NULL
