"""Fields of orders and lines that execution policies and people may set."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Event, Invalid, Problem
from openiom.orders.events import order_event
from openiom.orders.locks import lock_lines, lock_orders
from openiom.orders.order_batch import flush_new, order_batch
from openiom.orders.promises import update_promises
from openiom.orders.states import OPEN
from openiom.platform.bulk import execute
from openiom.platform.events import append_events

ORDER_FIELDS = ("account", "company", "strategy", "source", "price_list", "shipping_method")
LINE_FIELDS = ("source", "company", "requested_delivery_date")
_NULLABLE = frozenset(("account", "price_list", "source", "requested_delivery_date"))
_EVENT = "order.fields_set"

_SET_SOURCES = """
UPDATE orders.order_line l SET source = d.value, source_reason = %s
FROM unnest(%s::uuid[], %s::text[]) AS d(id, value)
WHERE l.order_id = d.id AND l.state = ANY(%s)
"""


def set_order_fields(
    session: Session, values: Mapping[UUID, Mapping[str, Any]], now: datetime, actor: str
) -> None:
    """Set fields of many orders: {order id: {field: value}}. Raise `Invalid`.

    `source` is set on each line that is not in fulfillment yet.
    """
    _check(values, ORDER_FIELDS)
    lock_orders(session, values)

    for field, by_order in _by_field(values).items():
        ids, new = list(by_order), list(by_order.values())
        if field == "source":
            batch = order_batch(session)
            batch.flush_lines(session)
            execute(session, _SET_SOURCES, (actor, ids, new, list(OPEN)))
            batch.expire_lines(ids)
        else:
            flush_new(session)
            execute(
                session,
                f"UPDATE orders.order o SET {field} = d.value"
                " FROM unnest(%s::uuid[], %s::text[]) AS d(id, value) WHERE o.id = d.id",
                (ids, new),
            )

    events: list[Event] = []
    for order_id, fields in values.items():
        if fields:
            events.append(order_event(_EVENT, order_id, {"fields": dict(fields)}))

    append_events(session, events, at=now, actor=actor)


def set_line_fields(
    session: Session, values: Mapping[UUID, Mapping[str, Any]], now: datetime, actor: str
) -> None:
    """Set fields of many lines: {line id: {field: value}}. Raise `Invalid`.

    `source` is set only on lines that are not in fulfillment yet.
    """
    _check(values, LINE_FIELDS)
    batch = order_batch(session)
    _, lines = lock_lines(session, values)
    batch.flush_lines(session)

    for field, by_line in _by_field(values).items():
        _set_line_field(session, field, list(by_line), list(by_line.values()))

    order_ids = {line.order_id for line in lines.values()}
    batch.expire_lines(order_ids)
    update_promises(session, order_ids)
    events: list[Event] = []
    for line in lines.values():
        fields = values[line.id]
        if fields:
            events.append(
                Event(
                    name=_EVENT,
                    subject_type="order_line",
                    subject_id=line.id,
                    root_id=line.order_id,
                    data={"line_number": line.line_number, "fields": dict(fields)},
                )
            )

    append_events(session, events, at=now, actor=actor)


def _set_line_field(
    session: Session, field: str, line_ids: Sequence[UUID], values: Sequence[Any]
) -> None:
    sql_type = "date" if field == "requested_delivery_date" else "text"
    statement = (
        f"UPDATE orders.order_line l SET {field} = d.value"
        f" FROM unnest(%s::uuid[], %s::{sql_type}[]) AS d(id, value) WHERE l.id = d.id"
    )
    parameters: list[Any] = [list(line_ids), list(values)]
    if field == "source":
        statement += " AND l.state = ANY(%s)"
        parameters.append(list(OPEN))

    execute(session, statement, parameters)


def _by_field(values: Mapping[UUID, Mapping[str, Any]]) -> dict[str, dict[UUID, Any]]:
    """Return the values by field, then by id in the order of ids."""
    by_field: dict[str, dict[UUID, Any]] = defaultdict(dict)
    for entity_id in sorted(values):
        for field, value in values[entity_id].items():
            by_field[field][entity_id] = value
    return by_field


def _check(values: Mapping[UUID, Mapping[str, Any]], settable: Iterable[str]) -> None:
    """Raise `Invalid` when a field cannot be set, or not to this value."""
    allowed = sorted(settable)
    problems: set[Problem] = set()
    for fields in values.values():
        problems.update(_problems(fields, allowed))
    if problems:
        raise Invalid("some fields cannot be set", problems=sorted(problems, key=str))


def _problems(fields: Mapping[str, Any], allowed: Sequence[str]) -> Iterator[Problem]:
    for field, value in fields.items():
        if field not in allowed:
            yield Problem(field, "cannot be set", "settable are " + ", ".join(allowed))
        elif not _is_text(field, value):
            yield Problem(field, f"cannot be {value!r}", "give text")


def _is_text(field: str, value: Any) -> bool:
    if value is None:
        return field in _NULLABLE
    return isinstance(value, str)
