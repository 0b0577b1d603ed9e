-- Reserved units of a stock key are those of its open reservations, measure by measure.
SELECT s.id, s.product, s.source, s.dimensions, s.reserved, r.open
FROM inventory_visibility.stock s
LEFT JOIN (
    SELECT stock_id, sum(open) AS open FROM inventory_visibility.reservation WHERE open > 0 GROUP BY stock_id
) r ON r.stock_id = s.id
WHERE s.reserved <> coalesce(r.open, 0)
UNION ALL
SELECT s.id, s.product, s.source, s.dimensions, b.quantity, r.open
FROM (
    SELECT stock_id, data_source, measure, sum(open) AS open
    FROM inventory_visibility.reservation
    WHERE open > 0
    GROUP BY stock_id, data_source, measure
) r
JOIN inventory_visibility.stock s ON s.id = r.stock_id
LEFT JOIN inventory_visibility.measure_balance b USING (stock_id, data_source, measure)
WHERE coalesce(b.quantity, 0) <> r.open
