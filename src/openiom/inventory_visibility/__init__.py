"""Stock ledger, balances and soft reservation."""
