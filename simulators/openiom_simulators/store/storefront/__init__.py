"""
The storefront: pages on which a shopper looks for products, fills a cart and places an order.

The pages are plain HTML, rendered here. The cart is a cookie, so the store keeps no sessions. What
a shopper places is an order like any other of the store: it is published to webhooks and found by
polling.
"""

from .routes import ROUTES

__all__ = ["ROUTES"]
