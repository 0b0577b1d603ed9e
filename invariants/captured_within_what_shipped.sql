-- A charge belongs to a shipment or a digital line of its order, and captures of it never exceed it.
SELECT c.id, c.order_id, c.amount, c.covered, c.captured, coalesce(f.captured, 0) AS facts
FROM payments.charge c
LEFT JOIN (
    SELECT charge_id, sum(amount) AS captured FROM payments.payment_fact
    WHERE kind = 'capture' AND state <> 'failed' GROUP BY charge_id
) f ON f.charge_id = c.id
WHERE coalesce(f.captured, 0) <> c.captured
    OR c.covered + c.captured > c.amount
    OR NOT EXISTS (
        SELECT FROM fulfillment.shipment s
        JOIN fulfillment.fulfillment_order o ON o.id = s.fulfillment_order_id
        WHERE c.kind = 'shipment' AND s.id = c.id AND o.order_id = c.order_id
        UNION ALL
        SELECT FROM orders.order_line l
        WHERE c.kind = 'digital' AND l.id = c.id AND l.order_id = c.order_id AND l.shipped > 0
    )
