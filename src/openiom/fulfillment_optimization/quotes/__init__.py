"""
Quotes: what sourcing would do with a cart, for product pages and checkouts.

Holds   nothing is written or reserved; the plan is the one a real run would make; the same question about the same
        state of things has the same answer and execution id.
"""

from .routes import quote_router
from .schemas import Quote, QuoteRequest
from .service import Draft, draft, quote

__all__ = ["Draft", "Quote", "QuoteRequest", "draft", "quote", "quote_router"]
