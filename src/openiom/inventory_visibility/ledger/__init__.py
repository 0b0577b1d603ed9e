"""Stock balances and the append-only ledger behind them."""
