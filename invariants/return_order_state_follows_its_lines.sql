-- A return order is received, inspected or closed exactly when its lines are.
SELECT r.id, r.number, r.state
FROM returns.return_order r JOIN returns.return_line l ON l.return_order_id = r.id
GROUP BY r.id
HAVING (r.state = 'received') <> (bool_and(l.received + l.canceled = l.quantity) AND bool_or(l.inspected < l.received)
                                  AND r.state NOT IN ('refused', 'closed', 'canceled'))
    OR (r.state IN ('refused', 'closed', 'canceled') AND bool_or(l.received + l.canceled < l.quantity))
    OR (r.state = 'inspected' AND bool_or(l.inspected < l.received))
    OR (r.state IN ('requested', 'approved', 'in_transit') AND bool_or(l.received > 0))
