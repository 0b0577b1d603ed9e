-- The sum of ledger entries is the balance: on hand, reserved, overdraft and covered of every stock key.
SELECT coalesce(s.id, e.stock_id) AS stock_id, s.product, s.source, s.on_hand, s.reserved, s.overdraft, s.covered,
       e.on_hand AS entries_on_hand, e.reserved AS entries_reserved, e.overdraft AS entries_overdraft,
       e.covered AS entries_covered
FROM inventory_visibility.stock s
FULL JOIN (
    SELECT stock_id,
           sum(delta * on_hand_sign) AS on_hand,
           sum(delta * reserved_sign) AS reserved,
           coalesce(sum(delta) FILTER (WHERE data_source = '' AND measure = 'overdraft'), 0) AS overdraft,
           coalesce(sum(delta) FILTER (WHERE data_source = '' AND measure = 'covered'), 0) AS covered
    FROM inventory_visibility.ledger_entry
    GROUP BY stock_id
) e ON e.stock_id = s.id
WHERE s.id IS NULL
   OR (s.on_hand, s.reserved, s.overdraft, s.covered)
      <> (coalesce(e.on_hand, 0), coalesce(e.reserved, 0), coalesce(e.overdraft, 0), coalesce(e.covered, 0))
