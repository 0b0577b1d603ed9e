-- Parcels add up to fulfillment order lines, and those to order lines: shipped units agree at all three heights.
SELECT 'fulfillment order line' AS height, l.id, l.shipped AS counted, coalesce(sum(s.quantity), 0) AS parcels
FROM fulfillment.fulfillment_order_line l
LEFT JOIN fulfillment.shipment_line s ON s.fulfillment_order_line_id = l.id
GROUP BY l.id
HAVING l.shipped <> coalesce(sum(s.quantity), 0)
UNION ALL
SELECT 'order line', o.id, o.shipped, coalesce(sum(l.shipped), 0)
FROM orders.order_line o
LEFT JOIN fulfillment.fulfillment_order_line l ON l.order_line_id = o.id
WHERE o.delivery <> 'digital'
GROUP BY o.id
HAVING o.shipped <> coalesce(sum(l.shipped), 0)
