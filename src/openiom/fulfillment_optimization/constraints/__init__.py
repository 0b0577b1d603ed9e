"""
What sources, orders and lines may not do: from documents to the arrays of the engine.

Owns    constraint.
Holds   a hard constraint is never broken; a soft one only where nothing else serves the order, or where breaking
        it saves more than its penalty; of overlapping rows the strictest wins.
"""

from .arrays import RANKING, ConstraintContext, ConstraintEffects, apply_constraints
from .documents import Constraint, ConstraintBody

__all__ = [
    "RANKING",
    "Constraint",
    "ConstraintBody",
    "ConstraintEffects",
    "ConstraintContext",
    "apply_constraints",
]
