"""
Self-service: what customers see of their orders, and change, without an account.

Owns        the links that customers open, and the moments at which links were revoked.
Guarantees  a link opens one order only, until it expires or is revoked; a customer sees nothing of
            another customer and no internal note; what a customer changes is decided by the
            packages that own it, and is recorded with the actor `customer`.
Publishes   order.customer_link_created, order.customer_links_revoked.
"""

from .event_titles import EVENT_TITLES
from .routes import self_service_router

__all__ = ["EVENT_TITLES", "self_service_router"]
