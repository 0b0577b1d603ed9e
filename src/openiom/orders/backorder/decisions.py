"""Pure decisions about waiting orders: which of them the available stock covers, and from where."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from openiom.kernel import StockUnits

ZERO: StockUnits = StockUnits(0)

Available = dict[str, dict[str, StockUnits]]
"""Available to promise, in stock units: product to source to units. Products are no kits."""
Requester = tuple[str, str]
"""Channel and customer group. Stock allocated to a requester is available to that one only."""
NO_REQUESTER: Requester = ("", "")


@dataclass(frozen=True, slots=True)
class Need:
    """What one line needs from a single source.

    `parts` are stock units by product, with kits expanded into their parts. `source` is the
    assigned source, '' when any source will do.
    """

    line_id: UUID
    parts: Mapping[str, StockUnits]
    source: str = ""


@dataclass(frozen=True, slots=True)
class WaitingOrder:
    """An order with the need of every line that has no source yet."""

    order_id: UUID
    needs: Sequence[Need]
    requester: Requester = NO_REQUESTER


@dataclass(frozen=True, slots=True)
class Placement:
    """A need and the source that covers it."""

    need: Need
    source: str


Placements = dict[UUID, list[Placement]]
"""The placements of all needs of an order, by order."""


def _best_source(available: Available, need: Need) -> str:
    """Return the source that can serve a line most often, or '' when no source can."""
    first_part, first_units = next(iter(need.parts.items()))
    candidates: list[tuple[StockUnits, str]] = []
    for source, units in available.get(first_part, {}).items():
        if need.source in ("", source) and _has_all(available, need, source):
            candidates.append((units // first_units, source))

    if not candidates:
        return ""

    _, best = max(candidates)
    return best


def consume(available: Available, need: Need) -> str:
    """Subtract what a line needs from the source that can serve it most often; return the source.

    Sources are compared by the line's first part, then by name. Return '' and change nothing when
    no source has all parts.
    """
    source = _best_source(available, need)
    if not source:
        return ""

    for part, units in need.parts.items():
        available[part][source] -= units

    return source


def _has_all(available: Available, need: Need, source: str) -> bool:
    for part, units in need.parts.items():
        if available.get(part, {}).get(source, ZERO) < units:
            return False
    return True


def short_lines(available: Available, needs: Iterable[Need]) -> list[UUID]:
    """Return the lines of one order for which no source has enough.

    Earlier lines use up their stock before later ones. `available` is not changed.
    """
    remaining = {product: dict(sources) for product, sources in available.items()}
    return [need.line_id for need in needs if not consume(remaining, need)]


def covered_orders(
    views: Mapping[Requester, Available], orders: Iterable[WaitingOrder]
) -> Placements:
    """Return the orders whose every line finds a source, first come first served.

    An order uses up stock in the view of its requester; views are changed. The same units are
    subtracted from all other views, although they may be allocated to that requester: too few
    orders are released rather than too many, and the rest is found once the stock is reserved.
    """
    placements: Placements = {}
    for order in orders:
        placed = _place(views[order.requester], order)
        if placed is None:
            continue

        placements[order.order_id] = placed
        for requester, view in views.items():
            if requester != order.requester:
                _subtract(view, placed)

    return placements


def _place(available: Available, order: WaitingOrder) -> list[Placement] | None:
    """Place every need of an order, or none of them."""
    placed: list[Placement] = []
    for need in order.needs:
        source = consume(available, need)
        if not source:
            _restore(available, placed)
            return None

        placed.append(Placement(need, source))

    return placed


def _restore(available: Available, placed: Iterable[Placement]) -> None:
    for placement in placed:
        for part, units in placement.need.parts.items():
            available[part][placement.source] += units


def _subtract(available: Available, placed: Iterable[Placement]) -> None:
    for placement in placed:
        for part, units in placement.need.parts.items():
            sources = available.get(part, {})
            if placement.source in sources:
                sources[placement.source] = max(ZERO, sources[placement.source] - units)
