"""
Quotes: what sourcing would do with a cart, for product pages and checkouts.

Guarantees  nothing is written or reserved; the plan is the one that a real run would make; the same
            request about the same data within a minute has the same answer and execution id.
"""

from .routes import quote_router
from .schemas import Quote, QuoteRequest
from .service import QuoteDraft, draft_quote, quote

__all__ = ["Quote", "QuoteDraft", "QuoteRequest", "draft_quote", "quote", "quote_router"]
