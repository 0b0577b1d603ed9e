"""Sourcing: choose a source for every open line of orders and reserve the stock."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import keep_backorder_reservations, line_reservations
from openiom.kernel import NotFound, amount_text
from openiom.provider_contract import EventRequest, Outcome

from .order_port import OpenLine, OrderPort
from .planning import FullDay, window_end
from .snapshot import Snapshot, snapshot
from .sourcing_run import SourcingResult, SourcingRun

AFTER_WINDOW = timedelta(minutes=15)
"""How long after its batch window a line keeps its backorder reservation."""
SUCCEEDED, FAILED = "fulfillment.optimization.succeeded", "fulfillment.optimization.failed"
NO_CAPACITY = "No Capacity Today"
"""The reason of an order that only full days of its sources keep from being sourced."""


@dataclass
class _Strategies:
    """The strategy of each order, the reason where there is none, and the end of open windows."""

    names: dict[UUID, str] = field(default_factory=dict)
    unknown: dict[UUID, str] = field(default_factory=dict)
    window_ends: dict[UUID, datetime] = field(default_factory=dict)

    def plans_now(self, order: UUID) -> bool:
        """Return whether an order has a strategy that does not wait for a batch window."""
        return order in self.names and order not in self.window_ends


def source_orders(
    session: Session,
    order_port: OrderPort,
    order_ids: Sequence[UUID],
    *,
    strategy_name: str = "",
    now: datetime,
    actor: str,
    resumed: frozenset[UUID] = frozenset(),
) -> list[Outcome]:
    """Choose a source for every open line of these orders, reserve the stock and raise the result.

    The strategy is the order's own, else `strategy_name`, else the default one. Orders compete for
    the same stock, so all are planned together; when another transaction reserves stock between
    plan and reservation, the orders concerned are planned again. Orders whose strategy collects
    them for a batch get an outcome with the end of the window, and are planned when they are in
    `resumed`. Returns one outcome per order, in order.
    """
    known = snapshot(session)
    every = order_port.open_lines(session, order_ids)
    reserved = _completely_reserved(session, every)
    lines = [line for line in every if line.line_id not in reserved]
    strategies = _strategies(known, lines, strategy_name, resumed, now)
    planned = [line for line in lines if strategies.plans_now(line.order_id)]
    run = SourcingRun(session, order_port, known, strategies.names, now, actor, resumed)
    results = run.run(planned)
    _keep_backorder_reservations(session, every, reserved, strategies.window_ends, now)
    _add_unplanned_results(results, strategies, every, reserved)
    return _raise_results(
        session, order_port, order_ids, results, strategies.window_ends, now, actor
    )


def _add_unplanned_results(
    results: dict[UUID, SourcingResult],
    strategies: _Strategies,
    lines: Sequence[OpenLine],
    reserved: set[UUID],
) -> None:
    """Add the lines that were reserved before, and those of orders without a strategy."""
    for line in lines:
        order = line.order_id
        if order in strategies.window_ends:
            continue

        if order in strategies.unknown:
            result = results.setdefault(order, SourcingResult(note=strategies.unknown[order]))
            if line.line_id not in reserved:
                result.missing.append(line.product)
        elif line.line_id in reserved:
            result = results.setdefault(order, SourcingResult(partial=True))
            result.sources[line.line_id] = line.source


def _completely_reserved(session: Session, lines: Sequence[OpenLine]) -> set[UUID]:
    """Return the lines that have their whole quantity reserved at their source.

    When a step runs again, it does not source them a second time.
    """
    sourced = {line.line_id: line for line in lines if line.source}
    if not sourced:
        return set()

    units = _units_at_source(session, sourced)
    return {line for line in sourced if units[line] >= sourced[line].quantity}


def _units_at_source(
    session: Session, lines: Mapping[UUID, OpenLine]
) -> defaultdict[UUID, Decimal]:
    """Return the units that each line has reserved at its source; zero for other lines."""
    units: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for row in line_reservations(session, lines):
        if row.source == lines[row.line_id].source:
            units[row.line_id] += row.units
    return units


def _keep_backorder_reservations(
    session: Session,
    lines: Sequence[OpenLine],
    reserved: set[UUID],
    window_ends: Mapping[UUID, datetime],
    now: datetime,
) -> None:
    """Keep the backorder reservations of lines that were not planned.

    Those of completely reserved lines become permanent, those of lines collected for a batch
    outlast its window.
    """
    permanent: list[UUID] = []
    collected: list[UUID] = []
    for line in lines:
        if not line.was_backordered:
            continue

        if line.line_id in reserved:
            permanent.append(line.line_id)
        elif line.order_id in window_ends:
            collected.append(line.line_id)

    keep_backorder_reservations(session, permanent)
    keep_backorder_reservations(
        session, collected, until=max(window_ends.values(), default=now) + AFTER_WINDOW
    )


def _strategies(
    known: Snapshot,
    lines: Sequence[OpenLine],
    usual: str,
    resumed: frozenset[UUID],
    now: datetime,
) -> _Strategies:
    """Return the strategies of the orders of these lines; `usual` is that of orders without one."""
    found = _Strategies()
    for order, name in _strategy_names(lines, usual or known.default).items():
        try:
            batch = known.strategy_config(name, now.date()).strategy.batch
        except NotFound as error:
            found.unknown[order] = str(error)
            continue

        found.names[order] = name
        if batch.enabled and order not in resumed:
            found.window_ends[order] = window_end(now, batch.minutes)

    return found


def _strategy_names(lines: Sequence[OpenLine], usual: str) -> dict[UUID, str]:
    names: dict[UUID, str] = {}
    for line in lines:
        names[line.order_id] = line.strategy or usual
    return names


def _raise_results(
    session: Session,
    order_port: OrderPort,
    order_ids: Sequence[UUID],
    results: Mapping[UUID, SourcingResult],
    window_ends: Mapping[UUID, datetime],
    now: datetime,
    actor: str,
) -> list[Outcome]:
    """Raise the event of each order's result; return the outcomes, in the order of `order_ids`.

    An event that the state framework refuses replaces the outcome of its order.
    """
    outcomes: dict[UUID, Outcome] = {}
    raises: list[EventRequest] = []
    for order in order_ids:
        if order in window_ends:
            outcomes[order] = _waiting(window_ends[order])
        else:
            outcomes[order] = _outcome(results.get(order))
            raises.append(_event_of(order, outcomes[order]))

    if raises:
        answers = order_port.raise_events(session, raises, now, actor)
        for request, answer in zip(raises, answers, strict=True):
            if not answer.ok:
                outcomes[request.entity_id] = answer

    return [outcomes[order] for order in order_ids]


def _waiting(window_end: datetime) -> Outcome:
    text = f"waits for the batch of {window_end:%H:%M:%S} UTC"
    return Outcome(True, text, retry_at=window_end)


def _event_of(order: UUID, outcome: Outcome) -> EventRequest:
    event = SUCCEEDED if outcome.ok else FAILED
    is_full = not outcome.ok and "retry_at" in outcome.details
    reason = NO_CAPACITY if is_full else outcome.reason
    return EventRequest(order, event, data=outcome.details, reason=reason)


def _outcome(result: SourcingResult | None) -> Outcome:
    """Return the result of an order as people read it."""
    if result is None:
        return Outcome(False, "the order has no open line to source")

    details: dict[str, Any] = {
        "sources": sorted(set(result.sources.values())),
        "cost": amount_text(result.cost, result.currency),
    }
    if len(result.strategies) > 1:
        details["strategies"] = list(dict.fromkeys(result.strategies))

    if not result.missing:
        return Outcome(True, "sourced from " + ", ".join(details["sources"]), details)

    details["missing"] = sorted(set(result.missing))
    is_sourced_in_part = result.partial and bool(result.sources)
    if result.full_day and not is_sourced_in_part:
        return _full_day_outcome(result.full_day, details)

    return Outcome(is_sourced_in_part, _reason_of_missing(result), details)


def _full_day_outcome(full: FullDay, details: dict[str, Any]) -> Outcome:
    """Return the result of an order that is sourced when the next day of a source begins."""
    waits_for = f"no capacity left today at {', '.join(full.sources)}"
    text = f"{waits_for}; tried again at {full.retry_at:%Y-%m-%d %H:%M} UTC"
    retry = {"retry_at": full.retry_at.isoformat(), "waits_for": waits_for}
    return Outcome(False, text, {**details, **retry})


def _reason_of_missing(result: SourcingResult) -> str:
    """Return why an order was sourced in part only, or not at all."""
    missing = ", ".join(sorted(set(result.missing)))
    if result.partial and result.sources:
        return f"sourced in part; no stock for {missing}"
    note = f" ({result.note})" if result.note else ""
    return f"Inventory not found: no source can serve {missing}{note}"
