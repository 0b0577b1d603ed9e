-- The balance of every measure of every source system is the sum of its ledger entries.
SELECT coalesce(b.stock_id, e.stock_id) AS stock_id, coalesce(b.data_source, e.data_source) AS data_source,
       coalesce(b.measure, e.measure) AS measure, b.quantity, e.quantity AS entries_quantity
FROM inventory_visibility.measure_balance b
FULL JOIN (
    SELECT stock_id, data_source, measure, sum(delta) AS quantity
    FROM inventory_visibility.ledger_entry
    WHERE data_source <> ''
    GROUP BY stock_id, data_source, measure
) e USING (stock_id, data_source, measure)
WHERE coalesce(b.quantity, 0) <> coalesce(e.quantity, 0)
