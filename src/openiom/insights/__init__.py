"""Reading: metrics and dashboards."""
