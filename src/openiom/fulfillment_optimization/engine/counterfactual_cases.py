"""Counterfactuals of one losing source, and the case in which they are searched."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from openiom.kernel import round_cost

from .perturbations import Perturbation
from .problem import Refusal

Kind = Literal[
    "units", "money", "capacity", "km", "minutes", "lines", "sources", "partial", "constraint"
]

CENT = 0.01


@dataclass(frozen=True, slots=True)
class Change:
    """An amount of one kind.

    Units more in stock, money less, parcels or order lines more a day, km or minutes by which a
    constraint is missed, sources more for the order. `partial` and `constraint` lift a rule and
    have the amount 1.
    """

    kind: Kind
    amount: float


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """The changes that would make `node` serve `line`."""

    line: int
    node: int
    changes: tuple[Change, ...]  # one where one is enough
    refusal: Refusal  # what refuses the node now; NONE when it is only too dear
    verified: bool  # solved again with the changes, and with each of them one step smaller

    @property
    def kind(self) -> Kind:
        """The kind of the first change."""
        return self.changes[0].kind

    @property
    def amount(self) -> float:
        """The amount of the first change."""
        return self.changes[0].amount

    @property
    def single(self) -> bool:
        """Whether one change is enough."""
        return len(self.changes) == 1


Smaller = dict[str, float | bool]
"""Fields of a perturbation with one change one step smaller."""


@dataclass(slots=True, eq=False)
class CounterfactualCase:
    """One losing source of one line."""

    perturbation: Perturbation  # with everything lifted that refuses the node
    changes: list[Change] = field(default_factory=list)
    smaller: list[Smaller] = field(default_factory=list)  # for each change
    refusal: Refusal = Refusal.NONE

    def add(self, kind: Kind, amount: float, smaller: Smaller) -> None:
        self.changes.append(Change(kind, amount))
        self.smaller.append(smaller)

    def apply(self, **fields: float | bool) -> None:
        self.perturbation = replace(self.perturbation, **fields)  # type: ignore[arg-type]

    def shrink(self, at: int) -> None:
        """Make one change a step smaller; drop it at zero, unless it is the only one."""
        change, smaller = self.changes.pop(at), self.smaller.pop(at)
        self.apply(**smaller)
        [(name, value)] = smaller.items()
        step = CENT if name == "money" else 1
        left = 0.0 if value is False else round_cost(change.amount - step)
        if left > 0 or not self.changes:
            self.add(change.kind, left, {name: value and round_cost(value - step)})

    def shrinkable(self) -> list[int]:
        """Return the changes that can be made a step smaller."""
        return [i for i, change in enumerate(self.changes) if change.amount > 0]

    def shrunk(self, at: int) -> Perturbation:
        """Return the perturbation with one change a step smaller."""
        return replace(self.perturbation, **self.smaller[at])  # type: ignore[arg-type]

    def set_money(self, amount: float) -> None:
        """Set the reduction of cost that must go with the other changes, in whole cents."""
        self.apply(money=amount)
        if amount > 0 or not self.changes:
            self.add("money", amount, {"money": round_cost(amount - CENT)})

    def remove(self, kind: Kind) -> None:
        for at in reversed(range(len(self.changes))):
            if self.changes[at].kind == kind:
                del self.changes[at], self.smaller[at]

    def result(self, verified: bool) -> Counterfactual:
        change = self.perturbation
        return Counterfactual(change.line, change.node, tuple(self.changes), self.refusal, verified)
