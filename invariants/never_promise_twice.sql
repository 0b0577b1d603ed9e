-- Reserved units of every stock key are exactly its open reservations.
-- They are covered by its own units, by deeper rows or by an overdraft that a document allowed.
SELECT s.id, s.product, s.source, s.on_hand, s.reserved, coalesce(sum(r.open), 0) AS open_reservations
FROM inventory_visibility.stock s
LEFT JOIN inventory_visibility.reservation r ON r.stock_id = s.id AND r.open > 0
GROUP BY s.id
HAVING s.reserved <> coalesce(sum(r.open), 0)
    OR (s.reserved > s.on_hand + s.overdraft + s.backed_by_variants AND NOT s.oversell)
