"""Split lines across sources, and report from which sources lines are served."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Refused, share_money
from openiom.orders.events import line_event
from openiom.orders.locked_rows import LockedLine
from openiom.orders.locks import lock_lines
from openiom.orders.order_batch import flush_lines, order_batch
from openiom.platform.bulk import execute, fetch, fetch_as
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

    added: Counter[UUID] = Counter()
    for line_id, parts in parts_by_line.items():
        _check_parts(line_id, lines.get(line_id), parts)
        added[lines[line_id].order_id] += len(parts) - 1

    batch.flush_lines(session)
    new_parts = _new_parts(session, parts_by_line)
    columns = list(map(list, zip(*new_parts, strict=True))) or [[]] * len(_NewPart._fields)
    execute(session, _INSERT_PARTS, columns)
    execute(session, _REDUCE_LINES, columns)
    execute(session, _ADD_LINE_COUNTS, (list(added), list(added.values())))
    batch.expire_lines(added)

    events = []
    for line_id, parts in parts_by_line.items():
        line = lines[line_id]
        data = {"parts": _numbers(line, parts)}
        events.append(line_event("order_line.split", line, data))

    append_events(session, events, at=now, actor=actor)


def _adds_up(line: LockedLine, parts: Parts) -> bool:
    """Return whether no part is empty and together they are what is open of the line."""
    steps = [part_steps for _, part_steps in parts]
    return sum(steps) == line.open and min(steps) >= 1


def _check_parts(line_id: UUID, line: LockedLine | None, parts: Parts) -> None:
    if line is None:
        raise Refused(f"there is no order line {line_id}")
    if parts[0][0] != line_id:
        raise Refused(f"line {line.line_number} cannot be split: no part keeps its id")

    if not _adds_up(line, parts):
        raise Refused(
            f"line {line.line_number} cannot be split into {_numbers(line, parts)}:"
            f" it has {line.number(line.open)} open units"
        )


class _LineMoney(NamedTuple):
    """The money of a line, which its parts share by their steps."""

    line_id: UUID
    quantity: int
    discount: Decimal
    tax: Decimal
    currency: str


class _NewPart(NamedTuple):
    """A new line that takes `steps` of a line, with its share of the money."""

    line_id: UUID
    id: UUID
    steps: int
    discount: Decimal
    tax: Decimal


def _new_parts(session: Session, parts_by_line: Mapping[UUID, Parts]) -> list[_NewPart]:
    """Return the new parts of each line; what rounding leaves stays with the line itself."""
    amounts = fetch_as(
        session,
        _LineMoney,
        "SELECT l.id AS line_id, l.quantity, l.discount, l.tax, o.currency"
        " FROM orders.order_line l JOIN orders.order o ON o.id = l.order_id WHERE l.id = ANY(%s)",
        (list(parts_by_line),),
    )
    by_line = {amount.line_id: amount for amount in amounts}

    found = []
    for line_id, (_, *others) in parts_by_line.items():
        money = by_line[line_id]
        steps = [part_steps for _, part_steps in others]
        weights = [money.quantity - sum(steps), *steps]
        discounts = share_money(money.discount, weights, money.currency)[1:]
        taxes = share_money(money.tax, weights, money.currency)[1:]
        for (part_id, part_steps), discount, tax in zip(others, discounts, taxes, strict=True):
            found.append(_NewPart(line_id, part_id, part_steps, discount, tax))

    return found


def _numbers(line: LockedLine, parts: Parts) -> list[int | float]:
    return [line.number(steps) for _, steps in parts]


_PARTS = "unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::numeric[], %s::numeric[])"
_INSERT_PARTS = f"""
INSERT INTO orders.order_line (id, order_id, line_number, external_id, product, name, variant, unit,
    unit_decimals, stock_per_step, stock_decimals, quantity, unit_price, discount, tax,
    requested_delivery_date, company, state, state_reason)
SELECT d.new, l.order_id,
    last.number + row_number() OVER (PARTITION BY l.order_id ORDER BY l.line_number, d.place),
    l.external_id, l.product, l.name, l.variant, l.unit, l.unit_decimals, l.stock_per_step,
    l.stock_decimals, d.units, l.unit_price,
    d.discount, d.tax,
    l.requested_delivery_date, l.company, l.state, l.state_reason
FROM {_PARTS} WITH ORDINALITY AS d(id, new, units, discount, tax, place)
JOIN orders.order_line l ON l.id = d.id
CROSS JOIN LATERAL (SELECT max(x.line_number) AS number FROM orders.order_line x
    WHERE x.order_id = l.order_id) last
"""

_REDUCE_LINES = f"""
UPDATE orders.order_line l SET quantity = l.quantity - d.units,
    discount = l.discount - d.discount, tax = l.tax - d.tax
FROM (SELECT u.id, sum(u.units)::bigint AS units, sum(u.discount) AS discount, sum(u.tax) AS tax
    FROM {_PARTS} AS u(id, new, units, discount, tax) GROUP BY u.id) d
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
