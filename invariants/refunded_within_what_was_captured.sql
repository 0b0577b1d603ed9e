-- Refunds of a payment method never exceed what was captured of it.
SELECT m.id, m.order_id, m.prepaid, m.captured, f.refunded
FROM payments.payment_method m
JOIN (
    SELECT method_id, sum(amount) AS refunded FROM payments.payment_fact
    WHERE kind = 'refund' AND state <> 'failed' GROUP BY method_id
) f ON f.method_id = m.id
WHERE f.refunded > m.prepaid + m.captured
