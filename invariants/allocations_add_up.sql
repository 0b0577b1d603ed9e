-- Every allocation is the sum of its entries; all allocations of a stock key add up to its measures.
SELECT a.stock_id, a.id AS allocation_id, a.groups, a.allocated, a.consumed, e.allocated AS entries_allocated,
       e.consumed AS entries_consumed, NULL AS measure
FROM inventory_visibility.allocation a
LEFT JOIN (
    SELECT allocation_id, sum(allocated) AS allocated, sum(consumed) AS consumed, sum(granted) AS granted
    FROM inventory_visibility.allocation_entry GROUP BY allocation_id
) e ON e.allocation_id = a.id
WHERE (a.allocated, a.consumed, a.cumulative_allocated)
      IS DISTINCT FROM (coalesce(e.allocated, 0), coalesce(e.consumed, 0), coalesce(e.granted, 0))
UNION ALL
SELECT m.stock_id, NULL, NULL, m.quantity, NULL, a.units, NULL, m.measure
FROM inventory_visibility.measure_balance m
LEFT JOIN LATERAL (
    SELECT sum(CASE m.measure WHEN '@allocated' THEN allocated WHEN '@consumed' THEN consumed
               WHEN '@cumulative_allocated' THEN cumulative_allocated ELSE cumulative_consumed END) AS units
    FROM inventory_visibility.allocation a WHERE a.stock_id = m.stock_id
) a ON true
WHERE m.data_source = '@iv' AND m.quantity <> coalesce(a.units, 0)
