"""Fulfillment orders, shipments and tracking: what was asked of a source and what it did."""
