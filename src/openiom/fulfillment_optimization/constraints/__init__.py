"""Constraints that planners configure: from documents to the arrays of the engine.

Owns the constraint documents and their kinds. `kinds` has one module for each kind with everything
about it: fields, effect on the problem, texts, form.

Guarantees: a hard constraint is never violated; a soft one only where nothing else serves the
order, or where violating it saves more than its penalty; of overlapping rows the strictest counts.
"""

from .document import ConstraintDocument
from .effects import (
    RANKING,
    ConstraintContext,
    ConstraintEffects,
    LineCap,
    SourceSelector,
)
from .registry import (
    ConstraintBody,
    ConstraintKind,
    apply_constraints,
    constraint_kinds,
    constraints_in_force,
    refusal_texts,
)

__all__ = [
    "RANKING",
    "ConstraintBody",
    "ConstraintContext",
    "ConstraintDocument",
    "ConstraintEffects",
    "ConstraintKind",
    "LineCap",
    "SourceSelector",
    "apply_constraints",
    "constraint_kinds",
    "constraints_in_force",
    "refusal_texts",
]
