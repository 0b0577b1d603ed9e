-- The sum of ledger entries is the balance, for every stock key and measure.
SELECT s.id, s.product, s.source, s.on_hand, s.reserved, e.on_hand AS entries_on_hand, e.reserved AS entries_reserved
FROM inventory_visibility.stock s
LEFT JOIN (
    SELECT stock_id,
           sum(delta) FILTER (WHERE measure = 'on_hand') AS on_hand,
           sum(delta) FILTER (WHERE measure = 'reserved') AS reserved
    FROM inventory_visibility.ledger_entry
    GROUP BY stock_id
) e ON e.stock_id = s.id
WHERE s.on_hand <> coalesce(e.on_hand, 0) OR s.reserved <> coalesce(e.reserved, 0)
