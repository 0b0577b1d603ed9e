"""A payment provider over HTTP: authorizations, captures, refunds and voids.

Owns        authorizations with their balances, and the response to every idempotency key.
Guarantees  a key is executed once; captures never exceed the authorization, refunds never the
            captures.
Publishes   nothing.
"""

from .application import PaymentsOptions, payments_application

__all__ = ["PaymentsOptions", "payments_application"]
