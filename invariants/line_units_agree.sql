-- A quantity means the same on its whole way: fulfillment order lines and parcels count in the unit of their order line.
SELECT 'fulfillment order line' AS height, l.id, l.unit, l.unit_decimals, o.unit AS ordered_unit, o.unit_decimals AS ordered_decimals
FROM fulfillment.fulfillment_order_line l
JOIN orders.order_line o ON o.id = l.order_line_id
WHERE (l.unit, l.unit_decimals, l.stock_per_step, l.stock_decimals)
    IS DISTINCT FROM (o.unit, o.unit_decimals, o.stock_per_step, o.stock_decimals)
    OR l.variant IS DISTINCT FROM o.variant
UNION ALL
SELECT 'parcel', s.id, s.unit, s.unit_decimals, l.unit, l.unit_decimals
FROM fulfillment.shipment_line s
JOIN fulfillment.fulfillment_order_line l ON l.id = s.fulfillment_order_line_id
WHERE (s.unit, s.unit_decimals) IS DISTINCT FROM (l.unit, l.unit_decimals)
    OR s.variant IS DISTINCT FROM l.variant
