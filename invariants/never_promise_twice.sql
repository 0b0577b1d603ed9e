-- Reserved units of every stock key are exactly its open reservations, and never exceed what they may stand on.
-- That is its own units, deeper rows (covered), or an overdraft that a document asked for.
SELECT s.id, s.product, s.source, s.on_hand, s.reserved, coalesce(sum(r.open), 0) AS open_reservations
FROM inventory_visibility.stock s
LEFT JOIN inventory_visibility.reservation r ON r.stock_id = s.id AND r.open > 0
GROUP BY s.id
HAVING s.reserved <> coalesce(sum(r.open), 0)
    OR (s.reserved > s.on_hand + s.overdraft + s.covered AND NOT s.oversell)
