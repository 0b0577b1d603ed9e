"""The kinds of constraints: every `ConstraintDocument` defined by a module of `kinds`.

A new kind is one module there, beside its test and its line of documentation.
"""

import pkgutil
from collections.abc import Sequence
from datetime import date
from functools import reduce
from importlib import import_module
from inspect import cleandoc, isabstract
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeGuard

from pydantic import Field, RootModel

from openiom.fulfillment_optimization.engine import Refusal

from . import kinds
from .document import ConstraintDocument
from .effects import ConstraintContext, ConstraintEffects, caps_of_sources


class ConstraintKind(NamedTuple):
    """A kind of constraint as planners see it; the form is generated from `property_schema`."""

    kind: str
    title: str
    description: str
    property_schema: dict[str, Any]


def _document_classes() -> dict[str, type[ConstraintDocument]]:
    """Return the document class of every kind, by the kind's name."""
    classes: dict[str, type[ConstraintDocument]] = {}
    for info in sorted(pkgutil.iter_modules(kinds.__path__), key=lambda info: info.name):
        module = import_module(f"{kinds.__name__}.{info.name}")
        for value in vars(module).values():
            if _is_kind(value):
                classes[value.kind()] = value
    return classes


def _is_kind(value: object) -> TypeGuard[type[ConstraintDocument]]:
    if not isinstance(value, type) or not issubclass(value, ConstraintDocument):
        return False
    return not isabstract(value)


DOCUMENT_CLASSES = _document_classes()

if TYPE_CHECKING:
    AnyConstraint = ConstraintDocument
else:
    _UNION = reduce(or_, DOCUMENT_CLASSES.values())
    AnyConstraint = Annotated[_UNION, Field(discriminator="type")]


class ConstraintBody(RootModel[AnyConstraint]):
    """A constraint of any kind; `type` names the kind."""


def constraint_kinds() -> tuple[ConstraintKind, ...]:
    """Return all kinds by title."""
    found: list[ConstraintKind] = []
    for name, cls in DOCUMENT_CLASSES.items():
        description = cleandoc(cls.__doc__ or "")
        found.append(ConstraintKind(name, cls.kind_title, description, cls.property_schema()))
    return tuple(sorted(found, key=lambda kind: kind.title))


def refusal_texts() -> dict[Refusal, str]:
    """Return the texts of the refusals that constraints cause."""
    texts: dict[Refusal, str] = {}
    for cls in DOCUMENT_CLASSES.values():
        texts.update(cls.refusal_texts)
    return texts


def constraints_in_force(
    constraints: Sequence[ConstraintDocument], day: date
) -> tuple[ConstraintDocument, ...]:
    """Return the constraints that count on this day (UTC)."""
    return tuple(constraint for constraint in constraints if constraint.in_force(day))


def apply_constraints(
    constraints: Sequence[ConstraintDocument], context: ConstraintContext
) -> ConstraintEffects:
    """Return the joint effects of constraints in force and of the sources' own daily limits."""
    effects = ConstraintEffects.none(context)
    for constraint in constraints:
        constraint.apply(context, effects)
    _apply_daily_limits(context, effects)
    return effects


def _apply_daily_limits(context: ConstraintContext, effects: ConstraintEffects) -> None:
    """Cap the order lines of sources with a daily limit of their own, where it could bind."""
    for cap in caps_of_sources(context.daily_lines, context):
        if cap.could_bind(context.lines):
            effects.limit_lines(cap, hard=True)
