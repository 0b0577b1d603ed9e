-- Units of a supply line neither received nor closed are scheduled on its day, and nothing else of it.
SELECT l.id, l.order_id, l.line_number, l.quantity, l.received, l.closed, l.scheduled, e.on_day, e.elsewhere
FROM inventory_visibility.supply_line l
JOIN inventory_visibility.supply_order o ON o.id = l.order_id
LEFT JOIN LATERAL (
    SELECT coalesce(sum(e.delta) FILTER (WHERE e.day = l.expected_date), 0) AS on_day,
           coalesce(sum(e.delta) FILTER (WHERE e.day <> l.expected_date), 0) AS elsewhere
    FROM generate_series(1, l.version) AS n(version)
    JOIN inventory_visibility.schedule_entry e ON e.event_id = 'supply/' || l.id || '/' || n.version
) e ON true
WHERE l.scheduled <> greatest(0, l.quantity - l.received - l.closed)
   OR l.scheduled <> coalesce(e.on_day, 0) OR coalesce(e.elsewhere, 0) <> 0
   OR l.received <> (SELECT coalesce(sum(r.quantity), 0) FROM inventory_visibility.supply_receipt r WHERE r.line_id = l.id)
