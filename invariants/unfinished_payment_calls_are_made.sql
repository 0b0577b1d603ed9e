-- A payment that a provider is to carry out is due, or a person sees it.
SELECT f.id, f.order_id, f.kind, f.state, f.attempts
FROM payments.payment_fact f
WHERE f.state IN ('requested', 'unknown') AND f.due_at IS NULL AND NOT f.needs_person
