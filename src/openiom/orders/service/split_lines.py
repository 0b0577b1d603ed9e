"""Split lines across sources, and report from which sources lines are served."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Refused
from openiom.orders.events import line_event
from openiom.orders.locks import lock_lines
from openiom.orders.order_batch import LockedLine, flush_lines, order_batch
from openiom.platform.bulk import execute, fetch
from openiom.platform.events import append_events

Parts = Sequence[tuple[UUID, int]]
"""Line ids and steps. The first part keeps the id of the line that is split."""


def split_lines(
    session: Session, parts_by_line: Mapping[UUID, Parts], now: datetime, actor: str
) -> None:
    """Split each line into parts.

    The first part keeps the line's id and history; the others become new lines behind the last one
    of the order, with their share of discount and tax. Publishes `order_line.split`. Raise
    `Refused` when the parts are not the open steps of the line.
    """
    batch = order_batch(session)
    _, lines = lock_lines(session, parts_by_line)

    line_ids: list[UUID] = []
    new_ids: list[UUID] = []
    units: list[int] = []
    added: Counter[UUID] = Counter()
    for line_id, parts in parts_by_line.items():
        _check_parts(line_id, lines.get(line_id), parts)
        for new_id, quantity in parts[1:]:
            line_ids.append(line_id)
            new_ids.append(new_id)
            units.append(quantity)
            added[lines[line_id].order_id] += 1

    batch.flush_lines(session)
    execute(session, _INSERT_PARTS, (line_ids, new_ids, units))
    execute(session, _REDUCE_LINES, (line_ids, units))
    execute(session, _ADD_LINE_COUNTS, (list(added), list(added.values())))
    batch.expire_lines(added)

    events = []
    for line_id, parts in parts_by_line.items():
        line = lines[line_id]
        data = {"parts": _numbers(line, parts)}
        events.append(line_event("order_line.split", line, data))

    append_events(session, events, at=now, actor=actor)


def _check_parts(line_id: UUID, line: LockedLine | None, parts: Parts) -> None:
    if line is None:
        raise Refused(f"there is no order line {line_id}")
    if parts[0][0] != line_id:
        raise Refused(f"line {line.line_number} cannot be split: no part keeps its id")

    steps = [part_steps for _, part_steps in parts]
    if sum(steps) != line.open or min(steps) < 1:
        raise Refused(
            f"line {line.line_number} cannot be split into {_numbers(line, parts)}:"
            f" it has {line.number(line.open)} open units"
        )


def _numbers(line: LockedLine, parts: Parts) -> list[int | float]:
    return [line.number(steps) for _, steps in parts]


# Money is shared by units and rounded. What rounding leaves stays with the first part, so that the
# sums of the order do not change.
_INSERT_PARTS = """
INSERT INTO orders.order_line (id, order_id, line_number, external_id, product, name, variant, unit,
    unit_decimals, stock_per_step, stock_decimals, quantity, unit_price, discount, tax,
    requested_delivery_date, company, state, state_reason)
SELECT d.new, l.order_id,
    last.number + row_number() OVER (PARTITION BY l.order_id ORDER BY l.line_number, d.place),
    l.external_id, l.product, l.name, l.variant, l.unit, l.unit_decimals, l.stock_per_step,
    l.stock_decimals, d.units, l.unit_price,
    round(l.discount * d.units / l.quantity, 4), round(l.tax * d.units / l.quantity, 4),
    l.requested_delivery_date, l.company, l.state, l.state_reason
FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[]) WITH ORDINALITY AS d(id, new, units, place)
JOIN orders.order_line l ON l.id = d.id
CROSS JOIN LATERAL (SELECT max(x.line_number) AS number FROM orders.order_line x
    WHERE x.order_id = l.order_id) last
"""

_REDUCE_LINES = """
UPDATE orders.order_line l SET quantity = l.quantity - d.units,
    discount = l.discount - d.discount, tax = l.tax - d.tax
FROM (SELECT o.id, sum(u.units)::bigint AS units,
        sum(round(o.discount * u.units / o.quantity, 4)) AS discount,
        sum(round(o.tax * u.units / o.quantity, 4)) AS tax
    FROM unnest(%s::uuid[], %s::bigint[]) AS u(id, units)
    JOIN orders.order_line o ON o.id = u.id GROUP BY o.id) d
WHERE l.id = d.id
"""

_ADD_LINE_COUNTS = """
UPDATE orders.order o SET line_count = o.line_count + d.added
FROM unnest(%s::uuid[], %s::int[]) AS d(id, added) WHERE o.id = d.id
"""


def lines_served_from(
    session: Session, places: Collection[tuple[UUID, str]]
) -> set[tuple[UUID, str]]:
    """Return those (line id, source) that are still served.

    Either the line has that source and is not wholly canceled, or units of it have been shipped.
    """
    flush_lines(session)
    if not places:
        return set()

    line_ids, sources = zip(*sorted(places), strict=True)
    rows = fetch(
        session,
        "SELECT l.id, p.source FROM unnest(%s::uuid[], %s::text[]) AS p(id, source)"
        " JOIN orders.order_line l ON l.id = p.id"
        " WHERE l.shipped > 0 OR (l.source = p.source AND l.canceled < l.quantity)",
        (list(line_ids), list(sources)),
    )
    return set(rows)
