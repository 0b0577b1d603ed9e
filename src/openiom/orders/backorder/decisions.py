"""Which waiting orders the stock of this moment covers, settled on paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

Free = dict[str, dict[str, int]]
"""Whole units free to promise: product to source to units. Products are no kits."""
Requester = tuple[str, str]
"""Channel and customer group: what is kept for them is free to them alone."""
NOBODY: Requester = ("", "")


@dataclass(frozen=True, slots=True)
class Need:
    """What one line needs, all from one source: units by product, kits taken apart; `source` when that is settled."""

    line_id: UUID
    parts: Mapping[str, int]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order with every line that still needs a source."""

    order_id: UUID
    needs: Sequence[Need]
    requester: Requester = NOBODY


def take(free: Free, need: Need) -> str:
    """Use up the source with the most of what the line needs; '' and nothing used when no source has all of it."""
    first, quantity = next(iter(need.parts.items()))
    able = [
        (units // quantity, source)
        for source, units in free.get(first, {}).items()
        if need.source in ("", source)
        and all(free.get(part, {}).get(source, 0) >= wanted for part, wanted in need.parts.items())
    ]
    if not able:
        return ""
    _, source = max(able, key=lambda candidate: (candidate[0], candidate[1]))
    for part, wanted in need.parts.items():
        free[part][source] -= wanted
    return source


def short_lines(free: Free, needs: Sequence[Need]) -> list[UUID]:
    """Lines of one order that find no source while its lines before them have theirs. `free` is left alone."""
    left = {product: dict(sources) for product, sources in free.items()}
    return [need.line_id for need in needs if not take(left, need)]


Placed = dict[UUID, list[tuple[Need, str]]]
"""Orders and the source each of their needs found."""


def covered(views: Mapping[Requester, Free], orders: Sequence[Waiting]) -> Placed:
    """Orders whose every line finds a source in their requester's view, first come first served; views are used up.

    What one requester takes counts as gone for every other, although it may be its own: too little goes on rather than
    too much, and what is left over is found when the stock was really taken.
    """
    out: Placed = {}
    for order in orders:
        free = views[order.requester]
        taken: list[tuple[Need, str]] = []
        for need in order.needs:
            source = take(free, need)
            if not source:
                break
            taken.append((need, source))
        if len(taken) == len(order.needs):
            out[order.order_id] = taken
            for view in (v for requester, v in views.items() if requester != order.requester):
                _gone(view, taken)
            continue
        for need, source in taken:
            for part, wanted in need.parts.items():
                free[part][source] += wanted
    return out


def _gone(free: Free, taken: Sequence[tuple[Need, str]]) -> None:
    for need, source in taken:
        for part, wanted in need.parts.items():
            units = free.get(part, {})
            if source in units:
                units[source] = max(0, units[source] - wanted)
