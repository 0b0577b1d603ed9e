-- Balances of payment methods equal their facts.
SELECT m.id, m.order_id, m.authorized, m.prepaid, m.capture_pending, m.captured, m.released, m.refund_pending, m.refunded
FROM payments.payment_method m
JOIN (
    SELECT method_id,
        sum(amount) FILTER (WHERE kind = 'authorization') AS authorized,
        coalesce(sum(amount) FILTER (WHERE kind = 'capture' AND charge_id IS NULL), 0) AS prepaid,
        coalesce(sum(amount) FILTER (WHERE kind = 'capture' AND charge_id IS NOT NULL AND state IN ('requested', 'unknown')), 0) AS capture_pending,
        coalesce(sum(amount) FILTER (WHERE kind = 'capture' AND charge_id IS NOT NULL AND state = 'succeeded'), 0) AS captured,
        coalesce(sum(amount) FILTER (WHERE kind IN ('void', 'expiry') AND state <> 'failed'), 0) AS released,
        coalesce(sum(amount) FILTER (WHERE kind = 'refund' AND state IN ('requested', 'unknown')), 0) AS refund_pending,
        coalesce(sum(amount) FILTER (WHERE kind = 'refund' AND state = 'succeeded'), 0) AS refunded
    FROM payments.payment_fact GROUP BY method_id
) f ON f.method_id = m.id
WHERE (m.authorized, m.prepaid, m.capture_pending, m.captured, m.released, m.refund_pending, m.refunded)
    IS DISTINCT FROM
    (f.authorized, f.prepaid, f.capture_pending, f.captured, f.released, f.refund_pending, f.refunded)
