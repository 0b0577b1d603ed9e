-- Reconciliation knows no row that differs from what the ledger, or its seal, says it should be.
SELECT what, row_id, "column", actual, expected, found_at
FROM inventory_visibility.ledger_discrepancy
