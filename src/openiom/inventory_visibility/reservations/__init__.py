"""Soft reservations of order lines and of external requests."""
