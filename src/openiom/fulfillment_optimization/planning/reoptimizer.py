"""The re-optimizer: a worker that improves the sources of orders not yet in fulfillment.

It reads the backlog in one transaction, plans without locks, and in another transaction locks only
the orders it moves. Orders that changed in between stay as they are. Releases and reservations of
all moves are one transaction; an order whose reservation is refused is left out. Plans of this kind
have mode `reoptimize`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.order_port import (
    OpenLine,
    OrderPort,
    reservation_request,
)
from openiom.fulfillment_optimization.problem_builder import Key, PlanningContext
from openiom.fulfillment_optimization.snapshot import Snapshot, StrategyConfig, snapshot
from openiom.inventory_visibility import available, line_reservations, lock_stock, release, reserve
from openiom.kernel import NotFound, StockUnits, amount_text, new_id, round_cost, share_cost
from openiom.platform.batches import BatchResult
from openiom.platform.bulk import copy_rows, fetch
from openiom.platform.database import Database, to_json_text
from openiom.platform.write_behind import savepoint
from openiom.provider_contract import EventRequest

from .backlog import Improvement, Move, improve_backlog
from .capacity_usage import UsageLine, record_usage, release_usage
from .daily_capacity import (
    CapacityUsage,
    capacity_limited_sources,
    daily_usage,
    lock_daily_usage,
)
from .demand_rates import circumstances
from .plan_records import PlanRecord, store_plans

SOURCE_CHANGED = "order.source_changed"
ACTOR = "re-optimizer"
ADVISORY_LOCK = 0x696F6D02
"""Key of the PostgreSQL advisory lock under which one process at a time moves orders."""
ATTEMPTS = 5


class _MovesRefused(Exception):
    """Raised with the orders that cannot move, so that the others are tried without them."""

    def __init__(self, orders: set[UUID]) -> None:
        super().__init__(f"{len(orders)} orders cannot move: stock or capacity was taken meanwhile")
        self.orders = orders


@dataclass(frozen=True, eq=False)
class _Backlog:
    """The backlog of one strategy at one instant, with everything a plan needs."""

    setting: StrategyConfig
    lines: tuple[OpenLine, ...]
    free: Mapping[Key, StockUnits]
    given: PlanningContext
    moved_before: Mapping[object, int]


@dataclass(frozen=True, slots=True)
class _OrderMove:
    """A move to be written: the lines that change with their new source.

    `opened` are sources that the order did not ship from before.
    """

    order: UUID
    lines: tuple[tuple[OpenLine, str], ...]
    saving: float
    opened: tuple[str, ...]

    @property
    def states(self) -> set[tuple[UUID, str, int]]:
        """The states of the lines as planned."""
        return {_state_of(line) for line, _ in self.lines}

    def event(self, plan: UUID, currency: str) -> EventRequest:
        """Return the event about the move."""
        moves = []
        for line, target in self.lines:
            moves.append({"product": line.product, "from": line.source, "to": target})

        saving = amount_text(self.saving, currency)
        before = ", ".join(sorted({line.source for line, _ in self.lines}))
        after = ", ".join(sorted({target for _, target in self.lines}))
        return EventRequest(
            self.order,
            SOURCE_CHANGED,
            data={"saving": saving, "currency": currency, "moves": moves, "plan": str(plan)},
            reason=f"from {before} to {after}, saves {saving} {currency}".rstrip(),
        )


@dataclass
class Reoptimizer:
    """Improves the backlog of each strategy at the interval it configures.

    `checked` is when each strategy was last considered, so that idle calls need no query.
    """

    order_port: OrderPort
    kind: str = "fulfillment_optimization.reoptimize"
    checked: dict[str, datetime] = field(default_factory=dict)

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Improve the backlogs that are due."""
        moved = 0
        for name in self._due(database, now):
            self.checked[name] = now
            moved += self.improve(database, name, now)
        return BatchResult(moved, False)

    def _due(self, database: Database, now: datetime) -> list[str]:
        due: list[str] = []
        with database.reading() as session:
            known = snapshot(session)
            for name in known.strategy_names():
                since = self._expected_since(known, name, now)
                if since is not None and not _ran_since(session, name, since):
                    due.append(name)
        return due

    def _expected_since(self, known: Snapshot, name: str, now: datetime) -> datetime | None:
        """Return since when the strategy's backlog should have been improved.

        None when it is not to be, or was considered since.
        """
        try:
            settings = known.strategy_config(name, now.date()).strategy.reoptimize
        except NotFound:
            return None

        since = now - timedelta(minutes=settings.minutes)
        if not settings.enabled or self.checked.get(name, since) > since:
            return None

        return since

    def improve(self, database: Database, name: str, now: datetime) -> int:
        """Move the orders of one strategy that are worth moving; return their number."""
        started = perf_counter()
        with database.unit_of_work() as session:
            backlog = self._read_backlog(session, name, now)

        if backlog is None:
            return 0

        found = improve_backlog(
            backlog.lines, backlog.setting, backlog.free, backlog.given, backlog.moved_before
        )
        minutes = backlog.setting.strategy.reoptimize.minutes

        with database.unit_of_work() as session:
            if not fetch(session, "SELECT pg_try_advisory_xact_lock(%s)", (ADVISORY_LOCK,))[0][0]:
                return 0
            if _ran_since(session, name, now - timedelta(minutes=minutes)):
                return 0

            plan = new_id()
            made = self._make_moves(session, found, backlog.setting, plan, now)
            seconds = perf_counter() - started
            store_plans(session, [_plan_record(plan, backlog, found, made, seconds)])
            _store_moves(session, plan, made, now)

        return len(made)

    def _read_backlog(self, session: Session, name: str, now: datetime) -> _Backlog | None:
        """Return the orders of a strategy that may be moved; None without any.

        Only orders all of whose lines have their whole quantity reserved at their source, a source
        of the strategy.
        """
        known = snapshot(session)
        setting = known.strategy_config(name, now.date())
        lines = self.order_port.lock_backlog(
            session,
            _strategy_fields(known, name),
            limit=setting.strategy.reoptimize.orders,
        )
        reserved = _reserved_at_one_source(session, [line.line_id for line in lines])

        complete: set[UUID] = set()
        for line in lines:
            expected = (line.source, line.units(line.quantity))
            if line.source in setting.index and reserved.get(line.line_id) == expected:
                complete.add(line.line_id)

        movable = _whole_orders(lines, complete)
        if not movable:
            return None

        products = {line.product for line in movable}
        limited = capacity_limited_sources([setting]).values()
        usage = daily_usage(session, [(site.name, site.time_zone) for site in limited], now)
        return _Backlog(
            setting,
            tuple(movable),
            available(session, products),
            circumstances(session, setting, products, usage, now),
            _moves_before(session, [line.order_id for line in movable]),
        )

    def _make_moves(
        self,
        session: Session,
        found: Improvement,
        setting: StrategyConfig,
        plan: UUID,
        now: datetime,
    ) -> list[_OrderMove]:
        """Carry out the moves that are still possible, each order completely or not at all."""
        moves = [_order_move(found, move) for move in found.moves]
        moves = self._unchanged(session, moves, setting)

        for _ in range(ATTEMPTS):
            if not moves:
                return []

            try:
                with savepoint(session):
                    self._move(session, moves, setting, plan, now)

                return moves
            except _MovesRefused as refused:
                moves = [move for move in moves if move.order not in refused.orders]

        return []

    def _unchanged(
        self, session: Session, moves: Sequence[_OrderMove], setting: StrategyConfig
    ) -> list[_OrderMove]:
        """Lock the orders and return the moves whose lines are what they were."""
        if not moves:
            return []

        orders = [move.order for move in moves]
        strategies = _strategy_fields(snapshot(session), setting.name)
        locked = self.order_port.lock_backlog(session, strategies, limit=len(orders), only=orders)
        present = set(map(_state_of, locked))

        unchanged: list[_OrderMove] = []
        for move in moves:
            if move.states <= present:
                unchanged.append(move)

        return unchanged

    def _move(
        self,
        session: Session,
        moves: Sequence[_OrderMove],
        setting: StrategyConfig,
        plan: UUID,
        now: datetime,
    ) -> None:
        """Move all of these orders. Raises _MovesRefused."""
        sites = capacity_limited_sources([setting])
        _refuse_full_sources(lock_daily_usage(session, sites, now), moves, setting)

        targets: dict[UUID, str] = {}
        left: list[UsageLine] = []
        entered: list[UsageLine] = []
        for move in moves:
            for line, target in move.lines:
                targets[line.line_id] = target
                left.append(UsageLine(line.source, move.order, line.line_id))
                entered.append(UsageLine(target, move.order, line.line_id))

        _reserve_at_targets(session, moves, now)
        release_usage(session, sites, left, now)
        record_usage(session, sites, entered, now)
        self.order_port.assign_sources(session, targets, now, ACTOR)
        events = [move.event(plan, setting.currency) for move in moves]
        outcomes = self.order_port.raise_events(session, events, now, ACTOR)
        _raise_refused(moves, [outcome.ok for outcome in outcomes])


def _reserve_at_targets(session: Session, moves: Sequence[_OrderMove], now: datetime) -> None:
    """Release the lines at their present source and reserve them at the new one.

    Stock of both is locked at once, in the order in which all transactions lock stock. Raises
    _MovesRefused.
    """
    keys: set[Key] = set()
    line_ids: list[UUID] = []
    owners: list[_OrderMove] = []
    requests = []
    for move in moves:
        for line, target in move.lines:
            keys |= {(line.product, line.source), (line.product, target)}
            line_ids.append(line.line_id)
            owners.append(move)
            requests.append(reservation_request(line, target, line.quantity))

    lock_stock(session, keys)
    release(session, line_ids, now, ACTOR, "re-optimized")
    _raise_refused(owners, reserve(session, requests, now, ACTOR))


def _raise_refused(moves: Sequence[_OrderMove], granted: Sequence[bool]) -> None:
    refused: set[UUID] = set()
    for move, ok in zip(moves, granted, strict=True):
        if not ok:
            refused.add(move.order)
    if refused:
        raise _MovesRefused(refused)


def _refuse_full_sources(
    usage: Mapping[str, CapacityUsage], moves: Sequence[_OrderMove], setting: StrategyConfig
) -> None:
    """Raise _MovesRefused for orders whose new source has no parcel left since the plan."""
    left = _parcels_left(usage, setting)
    fits = [_open_parcels(left, move.opened) for move in moves]
    _raise_refused(moves, fits)


def _open_parcels(left: dict[str, int], sources: Sequence[str]) -> bool:
    """Subtract a parcel from each source with a limit, if all of them have one left."""
    limited = left.keys() & set(sources)
    if any(left[source] < 1 for source in limited):
        return False

    for source in limited:
        left[source] -= 1

    return True


def _parcels_left(usage: Mapping[str, CapacityUsage], setting: StrategyConfig) -> dict[str, int]:
    """Return the parcels that each source with a daily limit can still send."""
    left: dict[str, int] = {}
    for site in setting.sources:
        if site.daily_parcels is not None:
            left[site.name] = site.daily_parcels - usage.get(site.name, CapacityUsage()).parcels

    return left


def _strategy_fields(known: Snapshot, name: str) -> list[str]:
    """Return what orders of this strategy have as their strategy."""
    return [name, ""] if name == known.default else [name]


def _ran_since(session: Session, name: str, since: datetime) -> bool:
    query = (
        "SELECT EXISTS (SELECT FROM fulfillment_optimization.sourcing_plan"
        " WHERE strategy = %s AND mode = 'reoptimize' AND planned_at > %s)"
    )
    return bool(fetch(session, query, (name, since))[0][0])


def _reserved_at_one_source(
    session: Session, lines: Sequence[UUID]
) -> dict[UUID, tuple[str, StockUnits]]:
    """Return (source, units) of lines that have reserved stock of exactly one row."""
    stock: dict[UUID, set[int]] = {}
    reserved: dict[UUID, tuple[str, StockUnits]] = {}
    for row in line_reservations(session, lines):
        stock.setdefault(row.line_id, set()).add(row.stock_id)
        units = reserved.get(row.line_id, (row.source, StockUnits(0)))[1] + row.units
        reserved[row.line_id] = (row.source, units)

    result = {}
    for line, found in reserved.items():
        if len(stock[line]) == 1:
            result[line] = found

    return result


def _whole_orders(lines: Sequence[OpenLine], complete: set[UUID]) -> list[OpenLine]:
    """Return the lines of orders all of whose lines are complete."""
    incomplete = {line.order_id for line in lines if line.line_id not in complete}
    return [line for line in lines if line.order_id not in incomplete]


def _state_of(line: OpenLine) -> tuple[UUID, str, int]:
    return line.line_id, line.source, line.quantity


def _moves_before(session: Session, orders: Sequence[UUID]) -> dict[object, int]:
    """Return how often each order was moved."""
    rows = fetch(
        session,
        "SELECT order_id, count(DISTINCT plan_id)"
        " FROM fulfillment_optimization.reoptimization_move WHERE order_id = ANY(%s)"
        " GROUP BY order_id",
        (sorted(set(orders)),),
    )
    return dict(rows)


def _order_move(found: Improvement, move: Move) -> _OrderMove:
    """Return a move of the plan by ids and names."""
    problem, names = found.priced.problem, found.priced.names
    before: set[str] = set()
    after: set[str] = set()
    for line in range(int(problem.start[move.order]), int(problem.start[move.order + 1])):
        before.add(names[int(found.now[line])])
        after.add(found.target(line))

    lines = tuple((found.lines[line], found.target(line)) for line in move.lines)
    return _OrderMove(lines[0][0].order_id, lines, move.saving, tuple(sorted(after - before)))


def _plan_record(
    plan: UUID, backlog: _Backlog, found: Improvement, made: Sequence[_OrderMove], seconds: float
) -> PlanRecord:
    planned = sum(move.saving for move in found.moves)
    saved = sum(move.saving for move in made)
    return PlanRecord(
        id=plan,
        planned_at=backlog.given.now,
        strategy=backlog.setting.name,
        mode="reoptimize",
        method=found.plan.method,
        orders=found.priced.problem.orders,
        lines=len(backlog.lines),
        open_lines=0,
        cost=round_cost(found.cost + planned - saved),
        seconds=round(seconds, 6),
        parts=to_json_text({"saved": round_cost(saved)}),
        currency=backlog.setting.currency,
        moves=sum(len(move.lines) for move in made),
    )


_MOVE_COLUMNS = (
    "plan_id",
    "order_id",
    "line_id",
    "from_source",
    "to_source",
    "saving",
    "moved_at",
)


def _store_moves(session: Session, plan: UUID, moves: Sequence[_OrderMove], now: datetime) -> None:
    """Store each moved line with an equal share of what its order saves."""
    rows = []
    for move in moves:
        shares = share_cost(move.saving, len(move.lines))
        for (line, target), share in zip(move.lines, shares, strict=True):
            row: dict[str, Any] = {
                "plan_id": plan,
                "order_id": move.order,
                "line_id": line.line_id,
                "from_source": line.source,
                "to_source": target,
                "saving": share,
                "moved_at": now,
            }
            rows.append([row[column] for column in _MOVE_COLUMNS])

    copy_rows(session, "fulfillment_optimization.reoptimization_move", _MOVE_COLUMNS, rows)
