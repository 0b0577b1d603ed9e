-- On hand, reserved, overdraft and variant-backed units of every stock key are the sums of its entries.
SELECT coalesce(s.id, e.stock_id) AS stock_id, s.product, s.source, s.on_hand, s.reserved, s.overdraft, s.backed_by_variants,
       e.on_hand AS entries_on_hand, e.reserved AS entries_reserved, e.overdraft AS entries_overdraft,
       e.backed_by_variants AS entries_backed
FROM inventory_visibility.stock s
FULL JOIN (
    SELECT stock_id,
           sum(delta * on_hand_sign) AS on_hand,
           sum(delta * reserved_sign) AS reserved,
           coalesce(sum(delta) FILTER (WHERE data_source = '' AND measure = 'overdraft'), 0) AS overdraft,
           coalesce(sum(delta) FILTER (WHERE data_source = '' AND measure = 'backed_by_variants'), 0) AS backed_by_variants
    FROM inventory_visibility.ledger_entry
    GROUP BY stock_id
) e ON e.stock_id = s.id
WHERE s.id IS NULL
   OR (s.on_hand, s.reserved, s.overdraft, s.backed_by_variants)
      <> (coalesce(e.on_hand, 0), coalesce(e.reserved, 0), coalesce(e.overdraft, 0), coalesce(e.backed_by_variants, 0))
