"""Source a whole wave of orders: plan together, soft-reserve what was planned, and keep the reason."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    StockReservationRequest,
    backorder_reserved,
    keep,
    release,
    release_backorder_reservations,
    reserve,
)
from openiom.kernel import NotFound
from openiom.platform.bulk import fetch
from openiom.provider_contract import EventRequest, Outcome

from .order_port import OpenLine, OrderPort, ask_for
from .planning import (
    Attempt,
    IntakeResult,
    Place,
    Planned,
    Planner,
    Round,
    counted,
    give_back_stale,
    lock_days,
    nothing_decided,
    places_of,
    record,
    take_places,
    taken_by,
    window_end,
)
from .planning.bid_prices import store_prices
from .snapshot import Snapshot, StrategyConfig, snapshot

ROUNDS = 3
AFTER_WINDOW = timedelta(minutes=15)
"""How much longer than its batch window takes a line keeps the stock it holds for the time being."""
VERIFIED_PRICES = 3
"""Shadow prices of a batch window, of stock and of parcels each, whose saving is found by planning again."""
SUCCEEDED, FAILED = "fulfillment.optimization.succeeded", "fulfillment.optimization.failed"


@dataclass
class Settled:
    """What became of one order over all rounds and strategies."""

    strategies: list[str] = field(default_factory=list)
    cost: float = 0.0
    sources: dict[UUID, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    note: str = ""
    partial: bool = False  # a strategy that takes part of an order was asked


def source_orders(
    session: Session,
    order_port: OrderPort,
    order_ids: Sequence[UUID],
    *,
    strategy_name: str = "",
    now: datetime,
    actor: str,
    woken: frozenset[UUID] = frozenset(),
) -> list[Outcome]:
    """Choose a source for every open line of these orders, reserve the stock, and raise what came of it.

    The strategy is the order's own, else `strategy_name`, else the default one. Orders compete for the same stock, so
    all are planned together. Stock taken by somebody else between plan and reservation sends the orders concerned
    through another round. Orders whose strategy collects them for a batch are told when to come again, and are taken
    when they have (`woken`). One outcome an order, in order.
    """
    known = snapshot(session)
    every = order_port.open_lines(session, order_ids)
    held = _held(session, every)
    lines = [line for line in every if line.line_id not in held]
    names, unknown = _strategies(known, lines, strategy_name, now)
    later = _windows(known, names, woken, now)
    waiting = [line for line in lines if line.order_id in names and line.order_id not in later]
    settled = Rounds(session, order_port, known, names, now, actor, woken).run(waiting)
    keep(session, [line.line_id for line in every if line.line_id in held and line.waited])
    collected = [line.line_id for line in lines if line.waited and line.order_id in later]
    keep(session, collected, until=max(later.values(), default=now) + AFTER_WINDOW)
    for line in every:
        if line.line_id in held and line.order_id not in later:
            settled.setdefault(line.order_id, Settled(partial=True)).sources[line.line_id] = (
                line.source
            )
    for order, why in unknown.items():
        settled[order] = Settled(
            note=why, missing=[line.product for line in lines if line.order_id == order]
        )
    return _announce(session, order_port, order_ids, settled, later, now, actor)


def _held(session: Session, lines: Sequence[OpenLine]) -> set[UUID]:
    """Lines that hold all their stock where they are to come from: a step that runs again leaves them alone."""
    sourced = {line.line_id: line for line in lines if line.source}
    if not sourced:
        return set()
    rows = fetch(
        session,
        "SELECT r.line_id, s.source, sum(r.open) FROM inventory_visibility.reservation r"
        " JOIN inventory_visibility.stock s ON s.id = r.stock_id WHERE r.line_id = ANY(%s) AND r.open > 0"
        " GROUP BY 1, 2",
        (list(sourced),),
    )
    return {
        id
        for id, source, units in rows
        if sourced[id].source == source and units >= sourced[id].quantity
    }


def _strategies(
    known: Snapshot, lines: Sequence[OpenLine], usual: str, now: datetime
) -> tuple[dict[UUID, str], dict[UUID, str]]:
    """For each order the name of its strategy, or why there is none."""
    wanted = {line.order_id: line.strategy or usual or known.default for line in lines}
    refused: dict[str, str] = {}
    for name in set(wanted.values()):
        try:
            known.strategy_config(name, now.date())
        except NotFound as error:
            refused[name] = str(error)
    return (
        {order: name for order, name in wanted.items() if name not in refused},
        {order: refused[name] for order, name in wanted.items() if name in refused},
    )


def _windows(
    known: Snapshot, names: Mapping[UUID, str], woken: frozenset[UUID], now: datetime
) -> dict[UUID, datetime]:
    """Orders that wait for the end of their batch window."""
    later = {}
    for order, name in names.items():
        batch = known.strategy_config(name, now.date()).strategy.batch
        if batch.enabled and order not in woken:
            later[order] = window_end(now, batch.minutes)
    return later


@dataclass
class Rounds:
    """Plan, reserve, and plan again what lost a race."""

    session: Session
    order_port: OrderPort
    known: Snapshot
    names: Mapping[UUID, str]
    now: datetime
    actor: str
    windows: frozenset[UUID]
    holds: dict[UUID, dict[str, int]] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    settled: dict[UUID, Settled] = field(default_factory=dict)

    def run(self, lines: Sequence[OpenLine]) -> dict[UUID, Settled]:
        sites = counted(self._settings())
        days = lock_days(self.session, sites, self.now)
        freed = give_back_stale(self.session, self.order_port, sites, lines, self.now)
        days |= {
            name: IntakeResult(days[name].parcels - t.parcels, days[name].lines - t.lines)
            for name, t in freed.items()
        }
        gone: dict[str, IntakeResult] = {}
        places: list[Place] = []
        waiting = list(lines)
        waited = [line.line_id for line in lines if line.waited]
        self.holds = backorder_reserved(self.session, waited, self.now) if waited else {}
        for _ in range(ROUNDS):
            if not waiting:
                break
            now_taken = {name: _sum(day, gone.get(name)) for name, day in days.items()}
            planner = Planner(
                self.session, self.known, self.now, now_taken, self.windows, holds=self.holds
            )
            found = planner.plan(waiting, self.names)
            lost = self._reserve(waiting, found)
            kept = [
                (order, p)
                for a in found.attempts
                for order, p in a.planned.items()
                if order not in lost
            ]
            taken = taken_by(p for _, p in kept)
            gone |= {n: _sum(t, gone.get(n)) for n, t in taken.items()}
            places += places_of(kept)
            self._keep(found, lost)
            waiting = [line for line in waiting if line.order_id in lost]
        self._give_up(waiting)
        take_places(self.session, sites, places, self.now)
        self._write()
        return self.settled

    def _settings(self) -> list[StrategyConfig]:
        """Of every strategy that may be asked, alternates included."""
        found: dict[str, StrategyConfig] = {}
        todo = list(dict.fromkeys(self.names.values()))
        while todo:
            name = todo.pop()
            try:
                setting = self.known.strategy_config(name, self.now.date())
            except NotFound:
                continue
            if setting.name not in found:
                found[setting.name] = setting
                todo += [setting.strategy.alternate] if setting.strategy.alternate else []
        return list(found.values())

    def _reserve(self, lines: Sequence[OpenLine], found: Round) -> set[UUID]:
        """Reserve what was planned; the orders that lost a race give back what they got and are returned."""
        sources, unlimited = found.sources(), found.unlimited
        parts = {
            line: p
            for a in found.attempts
            for one in a.planned.values()
            for line, p in one.parts.items()
        }
        asks: list[StockReservationRequest] = []
        orders: list[UUID] = []
        for line in lines:
            source = sources.get(line.line_id)
            if source is None or line.product in unlimited:
                continue
            mine = [
                (p.line_id, p.source, p.quantity) for p in parts.get(line.line_id, ()) if p.source
            ]
            for id, at, units in mine or [(line.line_id, source, line.quantity)]:
                asks.append(ask_for(line, at, units, line_id=id))
                orders.append(line.order_id)
        granted = reserve(self.session, asks, self.now, self.actor, taking_over=self.holds)
        lost = {order for order, ok in zip(orders, granted, strict=True) if not ok}
        if lost:
            back = [
                a.line_id
                for a, o, ok in zip(asks, orders, granted, strict=True)
                if ok and o in lost
            ]
            release(self.session, back, self.now, self.actor, "sourced again")
            gone = [
                line.line_id
                for line in lines
                if line.order_id in lost and line.line_id in self.holds
            ]
            release_backorder_reservations(
                self.session, gone, self.now, self.actor, "sourced again"
            )
            self.holds = {line: held for line, held in self.holds.items() if line not in gone}
        return lost

    def _keep(self, found: Round, lost: set[UUID]) -> None:
        """Remember the plans, without the orders that go through another round."""
        for attempt in found.attempts:
            for order in lost & attempt.planned.keys():
                del attempt.planned[order]
            if attempt.planned:
                self.attempts.append(attempt)
            for order, planned in attempt.planned.items():
                self._settle(order, planned, attempt.setting)

    def _settle(self, order: UUID, planned: Planned, setting: StrategyConfig) -> None:
        mine = self.settled.setdefault(order, Settled())
        mine.strategies.append(setting.name)
        if planned.sources:
            mine.cost += planned.cost
        elif not mine.sources:
            mine.cost = planned.cost
        mine.sources |= planned.sources
        mine.sources |= {
            part.line_id: part.source
            for parts in planned.parts.values()
            for part in parts
            if part.source
        }
        mine.missing = list(planned.missing)
        mine.note = str(planned.explanation.get("note", ""))
        mine.partial = mine.partial or setting.strategy.allow_partial

    def _give_up(self, lines: Sequence[OpenLine]) -> None:
        """Stock kept moving under every round."""
        products: dict[str, dict[UUID, list[str]]] = defaultdict(lambda: defaultdict(list))
        for line in lines:
            products[self.names[line.order_id]][line.order_id].append(line.product)
        for name, orders in products.items():
            setting = self.known.strategy_config(name, self.now.date())
            planned = nothing_decided(orders, "stock kept moving")
            for order, one in planned.items():
                self._settle(order, one, setting)
            self.attempts.append(Attempt.without_plan(setting, planned))

    def _write(self) -> None:
        record(self.session, self.attempts, self.now)
        for attempt in self.attempts:
            if attempt.solved is not None and attempt.solved.mode == "batch":
                of_window = bool(self.windows & attempt.planned.keys())
                store_prices(
                    *(
                        self.session,
                        attempt.id,
                        attempt.solved.plan,
                        attempt.solved.framed,
                        self.now,
                    ),
                    verify=VERIFIED_PRICES if of_window else 0,
                )
        planned = [p for attempt in self.attempts for p in attempt.planned.values()]
        divided = {line: parts for p in planned for line, parts in p.parts.items()}
        if divided:
            self.order_port.divide(self.session, divided, self.now, self.actor)
        self.order_port.assign(
            self.session,
            {k: v for p in planned for k, v in p.sources.items()},
            self.now,
            self.actor,
        )


def _sum(one: IntakeResult, other: IntakeResult | None) -> IntakeResult:
    return (
        one if other is None else IntakeResult(one.parcels + other.parcels, one.lines + other.lines)
    )


def _announce(
    session: Session,
    order_port: OrderPort,
    order_ids: Sequence[UUID],
    settled: Mapping[UUID, Settled],
    later: Mapping[UUID, datetime],
    now: datetime,
    actor: str,
) -> list[Outcome]:
    outcomes = {order: _outcome(settled.get(order)) for order in order_ids if order not in later}
    raises = [
        EventRequest(order, SUCCEEDED if o.ok else FAILED, data=o.details, reason=o.reason)
        for order, o in outcomes.items()
    ]
    answers = order_port.raise_events(session, raises, now, actor) if raises else []
    outcomes |= {
        r.entity_id: theirs for r, theirs in zip(raises, answers, strict=True) if not theirs.ok
    }
    outcomes |= {
        order: Outcome(True, f"waits for the batch of {end:%H:%M:%S} UTC", again_at=end)
        for order, end in later.items()
    }
    return [outcomes[order] for order in order_ids]


def _outcome(settled: Settled | None) -> Outcome:
    if settled is None:
        return Outcome(False, "the order has no open line to source")
    details = {"sources": sorted(set(settled.sources.values())), "cost": f"{settled.cost:.2f}"}
    if len(settled.strategies) > 1:
        details["strategies"] = list(dict.fromkeys(settled.strategies))
    if not settled.missing:
        return Outcome(True, "sourced from " + ", ".join(details["sources"]), details)
    missing = ", ".join(sorted(set(settled.missing)))
    details["missing"] = sorted(set(settled.missing))
    if settled.partial and settled.sources:
        return Outcome(True, f"sourced in part; no stock for {missing}", details)
    why = f" ({settled.note})" if settled.note else ""
    return Outcome(False, f"Inventory not found: no source can serve {missing}{why}", details)
