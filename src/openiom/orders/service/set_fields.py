"""What execution policies and people may set on orders and lines."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Event, Invalid, Problem
from openiom.orders.locks import lock_lines, lock_orders
from openiom.orders.states import OPEN
from openiom.platform.bulk import execute
from openiom.platform.events import append_events

ORDER_FIELDS = ("account", "company", "strategy", "source", "price_list", "shipping_method")
LINE_FIELDS = ("source", "company", "requested_delivery_date")


def set_order_fields(
    session: Session, values: Mapping[UUID, Mapping[str, Any]], now: datetime, actor: str
) -> None:
    """Set fields of many orders; `source` goes to each line that is not in fulfillment yet. Raises Invalid."""
    _check(values, ORDER_FIELDS)
    lock_orders(session, values)
    for field, chosen in _by_field(values).items():
        ids, new = list(chosen), list(chosen.values())
        if field == "source":
            execute(
                session,
                "UPDATE orders.order_line l SET source = d.value, source_reason = %s FROM unnest(%s::uuid[],"
                " %s::text[]) AS d(id, value) WHERE l.order_id = d.id AND l.state = ANY(%s)",
                (actor, ids, new, list(OPEN)),
            )
        else:
            execute(
                session,
                f"UPDATE orders.order o SET {field} = d.value FROM unnest(%s::uuid[], %s::text[]) AS d(id, value)"
                " WHERE o.id = d.id",
                (ids, new),
            )
    events = (
        Event(
            name="order.fields_set",
            subject_type="order",
            subject_id=i,
            root_id=i,
            data={"fields": dict(fields)},
        )
        for i, fields in values.items()
        if fields
    )
    append_events(session, events, at=now, actor=actor)


def set_line_fields(
    session: Session, values: Mapping[UUID, Mapping[str, Any]], now: datetime, actor: str
) -> None:
    """Set fields of many lines; told on the order's timeline. Raises Invalid."""
    _check(values, LINE_FIELDS)
    _, lines = lock_lines(session, values)
    for field, chosen in _by_field(values).items():
        kind = "date" if field == "requested_delivery_date" else "text"
        open_only = " AND l.state = ANY(%s)" if field == "source" else ""
        execute(
            session,
            f"UPDATE orders.order_line l SET {field} = d.value"
            f" FROM unnest(%s::uuid[], %s::{kind}[]) AS d(id, value) WHERE l.id = d.id{open_only}",
            (list(chosen), list(chosen.values()), *([list(OPEN)] if open_only else [])),
        )
    events = (
        Event(
            name="order.fields_set",
            subject_type="order_line",
            subject_id=line.id,
            root_id=line.order_id,
            data={"line_number": line.line_number, "fields": dict(values[line.id])},
        )
        for line in lines.values()
        if values[line.id]
    )
    append_events(session, events, at=now, actor=actor)


def _by_field(values: Mapping[UUID, Mapping[str, Any]]) -> dict[str, dict[UUID, Any]]:
    out: dict[str, dict[UUID, Any]] = defaultdict(dict)
    for entity_id in sorted(values):
        for field, value in values[entity_id].items():
            out[field][entity_id] = value
    return out


def _check(values: Mapping[UUID, Mapping[str, Any]], settable: Iterable[str]) -> None:
    allowed = set(settable)
    nullable = {"account", "price_list", "source", "requested_delivery_date"}
    problems = []
    for field, value in {(f, v) for fields in values.values() for f, v in fields.items()}:
        if field not in allowed:
            problems.append(
                Problem(field, "cannot be set", "settable are " + ", ".join(sorted(allowed)))
            )
        elif not isinstance(value, str) and (value is not None or field not in nullable):
            problems.append(Problem(field, f"cannot be {value!r}", "give text"))
    if problems:
        raise Invalid("these fields cannot be set so", problems=sorted(problems, key=str))
