"""
State framework: may this entity move, where to, and why.

Owns    the state table of an entity: states, reasons, transitions; line to header aggregation.
Holds   an event a table never names moves nothing; a named event from the wrong state is refused.
Tells   nothing: the room that owns the entity writes the state and announces the fact.
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
    "TransitionRequest",
    "State",
    "StateTable",
    "Target",
    "Transition",
    "advance",
    "advance_many",
    "header_events",
    "header_events_many",
    "load_tables",
    "moves",
    "states_kind",
    "states_router",
]
