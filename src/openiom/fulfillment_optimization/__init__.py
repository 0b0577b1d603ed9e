"""Which source should serve which line of which order, and why."""
