-- The scheduled balance of every day, stock key and measure is the sum of its entries.
SELECT coalesce(b.stock_id, e.stock_id) AS stock_id, coalesce(b.day, e.day) AS day, b.data_source, b.measure,
       b.quantity, e.quantity AS entries
FROM inventory_visibility.schedule_balance b
FULL JOIN (
    SELECT stock_id, day, data_source, measure, sum(delta) AS quantity
    FROM inventory_visibility.schedule_entry GROUP BY 1, 2, 3, 4
) e ON (e.stock_id, e.day, e.data_source, e.measure) = (b.stock_id, b.day, b.data_source, b.measure)
WHERE b.quantity IS DISTINCT FROM e.quantity
