-- What lines hold of allocations is part of what they have reserved there.
SELECT u.line_id, a.stock_id, sum(u.open) AS held, coalesce(max(r.open), 0) AS reserved
FROM inventory_visibility.allocation_use u
JOIN inventory_visibility.allocation a ON a.id = u.allocation_id
LEFT JOIN LATERAL (
    SELECT sum(r.open) AS open FROM inventory_visibility.reservation r
    WHERE r.line_id = u.line_id AND r.stock_id = a.stock_id
) r ON true
GROUP BY u.line_id, a.stock_id
HAVING sum(u.open) > coalesce(max(r.open), 0)
