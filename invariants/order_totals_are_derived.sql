-- The subtotal of an order that a person has changed last is that of its lines, and no more goodwill is given than it charges.
SELECT o.id, o.subtotal, sum(l.unit_price * l.quantity * power(10::numeric, -l.unit_decimals) - l.discount) AS derived
FROM orders.order o
JOIN orders.order_line l ON l.order_id = o.id AND NOT l.removed
WHERE (SELECT c.origin FROM orders.order_change c WHERE c.order_id = o.id ORDER BY c.number DESC LIMIT 1) = 'person'
GROUP BY o.id
HAVING o.goodwill_amount NOT BETWEEN 0 AND greatest(0, o.total_amount)
    OR abs(o.subtotal - sum(l.unit_price * l.quantity * power(10::numeric, -l.unit_decimals) - l.discount))
        > count(*) * CASE WHEN o.subtotal = trunc(o.subtotal) THEN 0.5 ELSE 0.01 END
