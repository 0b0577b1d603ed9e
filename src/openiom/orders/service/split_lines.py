"""Lines as whoever sources them needs them: divided across sources, and the backlog that may still be moved."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Event, Refused
from openiom.orders.locks import LockedLine, lock_lines
from openiom.orders.states import IN_FULFILLMENT
from openiom.platform.bulk import execute, fetch
from openiom.platform.events import append_events

OPTIMIZED = "optimized"
"""Why a line has its source, where nobody but the optimizer chose it."""
NOT_RELEASED = "Inventory Check Successful"


def split_lines(
    session: Session, parts: Mapping[UUID, Sequence[tuple[UUID, int]]], now: datetime, actor: str
) -> None:
    """
    Make several lines of one: {line id: [(id, units), ...]}. The first part keeps the line's id and everything that
    already happened to it; the others are new lines behind the last one, with their share of discount and tax.

    Announces `order_line.split`. Raises Refused when the parts are not what is open of the line.
    """
    _, lines = lock_lines(session, parts)
    for id, mine in parts.items():
        units = sum(n for _, n in mine)
        if (
            id not in lines
            or units != lines[id].open
            or min(n for _, n in mine) < 1
            or mine[0][0] != id
        ):
            raise Refused(
                f"line {id} cannot be divided into {[n for _, n in mine]}: those are not its open units"
            )
    rows = [(id, new, units) for id, mine in parts.items() for new, units in mine[1:]]
    execute(session, _COPY, ([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]))
    execute(session, _SHRINK, ([r[0] for r in rows], [r[2] for r in rows]))
    more: dict[UUID, int] = defaultdict(int)
    for id, _, _ in rows:
        more[lines[id].order_id] += 1
    execute(
        session,
        "UPDATE orders.order o SET line_count = o.line_count + d.more FROM unnest(%s::uuid[], %s::int[]) AS d(id, more)"
        " WHERE o.id = d.id",
        (list(more), list(more.values())),
    )
    append_events(
        session,
        [_divided(lines[id], [n for _, n in mine]) for id, mine in parts.items()],
        at=now,
        actor=actor,
    )


# Money is shared out by units and rounded; what rounding leaves stays with the first part, so that sums do not move.
_COPY = """
INSERT INTO orders.order_line (id, order_id, line_number, external_id, product, name, unit, quantity, unit_price,
    discount, tax, requested_delivery_date, company, state, state_reason)
SELECT d.new, l.order_id, last.number + row_number() OVER (PARTITION BY l.order_id ORDER BY l.line_number, d.place),
    l.external_id, l.product, l.name, l.unit, d.units, l.unit_price, round(l.discount * d.units / l.quantity, 4),
    round(l.tax * d.units / l.quantity, 4), l.requested_delivery_date, l.company, l.state, l.state_reason
FROM unnest(%s::uuid[], %s::uuid[], %s::int[]) WITH ORDINALITY AS d(id, new, units, place)
JOIN orders.order_line l ON l.id = d.id
CROSS JOIN LATERAL (SELECT max(x.line_number) AS number FROM orders.order_line x WHERE x.order_id = l.order_id) last
"""

_SHRINK = """
UPDATE orders.order_line l SET quantity = l.quantity - d.units,
    discount = l.discount - d.discount, tax = l.tax - d.tax
FROM (SELECT o.id, sum(u.units)::int AS units, sum(round(o.discount * u.units / o.quantity, 4)) AS discount,
             sum(round(o.tax * u.units / o.quantity, 4)) AS tax
      FROM unnest(%s::uuid[], %s::int[]) AS u(id, units) JOIN orders.order_line o ON o.id = u.id GROUP BY o.id) d
WHERE l.id = d.id
"""


def _divided(line: LockedLine, units: Sequence[int]) -> Event:
    return Event(
        name="order_line.split",
        subject_type="order_line",
        subject_id=line.id,
        root_id=line.order_id,
        data={"line_number": line.line_number, "product": line.product, "parts": list(units)},
    )


def lines_served_from(
    session: Session, places: Collection[tuple[UUID, str]]
) -> set[tuple[UUID, str]]:
    """Of these (line, source) those whose line has the source, and those of whose line units have left already."""
    wanted = sorted(places)
    rows = fetch(
        session,
        "SELECT l.id, p.source FROM unnest(%s::uuid[], %s::text[]) AS p(id, source) JOIN orders.order_line l"
        " ON l.id = p.id WHERE l.shipped > 0 OR (l.source = p.source AND l.canceled < l.quantity)",
        ([p[0] for p in wanted], [p[1] for p in wanted]),
    )
    return {(line, source) for line, source in rows}


def movable_orders(
    session: Session, strategies: Iterable[str], *, limit: int, only: Sequence[UUID] | None = None
) -> list[UUID]:
    """
    Up to `limit` orders (of `only` these, where given), oldest first, that are sourced and of which no unit is in a
    fulfillment order, shipped, or at a source that a policy or a person chose. Locks them; those somebody else works on
    are passed over.
    """
    among = None if only is None else list(only)
    rows = fetch(
        session,
        "SELECT s.order_id FROM orders.order_state s JOIN orders.order o ON o.id = s.order_id"
        " WHERE s.state = %s AND s.reason = %s AND NOT s.held AND o.strategy = ANY(%s)"
        " AND (%s::uuid[] IS NULL OR s.order_id = ANY(%s))"
        " AND NOT EXISTS (SELECT FROM orders.order_line l WHERE l.order_id = s.order_id AND (l.released > 0"
        " OR l.shipped > 0 OR (l.source IS NOT NULL AND l.source_reason <> %s)))"
        " AND EXISTS (SELECT FROM orders.order_line l WHERE l.order_id = s.order_id AND l.source IS NOT NULL)"
        " ORDER BY s.order_id LIMIT %s FOR UPDATE OF s SKIP LOCKED",
        (IN_FULFILLMENT, NOT_RELEASED, list(strategies), among, among, OPTIMIZED, limit),
    )
    return [order for (order,) in rows]
