"""
State framework: whether an entity may change its state, where to, and why.

Owns        the state table of an entity: states, reasons, transitions; line to header aggregation.
Guarantees  an event that the table does not name changes nothing; a named event from the wrong
            state is refused.
Publishes   nothing: the package that owns the entity writes the state and publishes the event.
"""

from .aggregate import Aggregate, LineStatus, header_events, header_events_many
from .configuration import load_tables, states_kind
from .machine import (
    ANY,
    PREVIOUS,
    State,
    StateTable,
    Target,
    Transition,
    TransitionRequest,
    advance,
    advance_many,
    moves,
)
from .routes import states_router

__all__ = [
    "ANY",
    "PREVIOUS",
    "Aggregate",
    "LineStatus",
    "State",
    "StateTable",
    "Target",
    "Transition",
    "TransitionRequest",
    "advance",
    "advance_many",
    "header_events",
    "header_events_many",
    "load_tables",
    "moves",
    "states_kind",
    "states_router",
]
