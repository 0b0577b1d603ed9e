-- Receipts, inspections and credits of a returned line add up to its counters, and each inspection is in the stock ledger once.
SELECT l.id, 'counters' AS what
FROM returns.return_line l
WHERE l.received <> (SELECT coalesce(sum(r.quantity), 0) FROM returns.return_receipt r
                     WHERE r.return_line_id = l.id)
   OR l.inspected <> (SELECT coalesce(sum(i.quantity), 0) FROM returns.return_inspection i
                      WHERE i.return_line_id = l.id)
   OR l.credited <> (SELECT coalesce(sum(a.quantity), 0) FROM returns.return_amount_line a
                     WHERE a.return_line_id = l.id)
UNION ALL
SELECT i.id, 'ledger'
FROM returns.return_inspection i JOIN returns.return_line l ON l.id = i.return_line_id
LEFT JOIN (SELECT DISTINCT split_part(e.event_id, '/', 3) AS id FROM inventory_visibility.ledger_entry e
           WHERE starts_with(e.event_id, '/return-inspection/')) p ON p.id = i.id::text
WHERE i.disposition <> 'reject' AND p.id IS NULL
