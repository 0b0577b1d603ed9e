-- The checker that always runs knows no row that differs from what the ledger, or its seal, says.
SELECT what, row_id, "column", stands, should_be, found_at
FROM inventory_visibility.ledger_drift
