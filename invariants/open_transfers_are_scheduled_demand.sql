-- Units of a transfer line that have not left its origin are scheduled as demand there.
-- They are scheduled on the ship date of the line, and nothing else of it is.
SELECT l.id, l.order_id, l.line_number, l.origin, l.quantity, l.received, l.shipped, l.closed, l.scheduled_demand,
       e.on_day, e.elsewhere
FROM inventory_visibility.supply_line l
LEFT JOIN LATERAL (
    SELECT coalesce(-sum(e.delta) FILTER (WHERE e.day = l.ship_date), 0) AS on_day,
           coalesce(sum(e.delta) FILTER (WHERE e.day <> l.ship_date), 0) AS elsewhere,
           coalesce(bool_or(s.source <> l.origin), false) AS elsewhere_source
    FROM generate_series(1, l.version) AS n(version)
    JOIN inventory_visibility.schedule_entry e ON e.event_id = 'supply/' || l.id || '/' || n.version || '/origin'
    JOIN inventory_visibility.stock s ON s.id = e.stock_id
) e ON true
WHERE l.scheduled_demand <> CASE WHEN l.origin = '' THEN 0
                         ELSE greatest(0, l.quantity - greatest(l.shipped, l.received) - l.closed) END
   OR l.scheduled_demand <> coalesce(e.on_day, 0) OR coalesce(e.elsewhere, 0) <> 0 OR e.elsewhere_source
   OR l.shipped <> (SELECT coalesce(sum(r.quantity), 0) FROM inventory_visibility.supply_shipment r WHERE r.line_id = l.id)
