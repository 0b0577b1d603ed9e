"""
Collaboration: what people write to each other about orders, and which orders they watch.

Owns        notes on orders, the people mentioned in them, and the orders that each user watches.
Guarantees  a note is changed only by its author, and deleted only by its author or an
            administrator; a person mentioned in a note watches its order.
Publishes   order.note_added, order.note_changed, order.note_deleted.
"""

from .event_titles import EVENT_TITLES
from .mentions import count_unread
from .routes import router

__all__ = ["EVENT_TITLES", "count_unread", "router"]
