-- Units of allocations that a line consumed are part of what it has reserved at the stock key.
SELECT u.line_id, a.stock_id, sum(u.open) AS consumed, coalesce(max(r.open), 0) AS reserved
FROM inventory_visibility.allocation_consumption u
JOIN inventory_visibility.allocation a ON a.id = u.allocation_id
LEFT JOIN LATERAL (
    SELECT sum(r.open) AS open FROM inventory_visibility.reservation r
    WHERE r.line_id = u.line_id AND r.stock_id = a.stock_id
) r ON true
GROUP BY u.line_id, a.stock_id
HAVING sum(u.open) > coalesce(max(r.open), 0)
