"""Return orders: what comes back, and what becomes of it."""
