"""Reading: alert configurations and active alerts."""
