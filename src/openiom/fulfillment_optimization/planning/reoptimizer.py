"""
The rolling re-optimizer: a turn that improves what is sourced but not yet released.

It reads the backlog and lets go of it, thinks without holding a lock, then locks only the orders it moves. Those that
changed meanwhile are left alone; release and reservation of all moves stand in one transaction, and a reservation that
is refused takes its order out of the run. Plans of this kind have mode `reoptimize`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.order_port import OpenLine, OrderPort, ask_for
from openiom.fulfillment_optimization.problem_builder import PlanningContext
from openiom.fulfillment_optimization.snapshot import Snapshot, StrategyConfig, snapshot
from openiom.inventory_visibility import available, release, reserve
from openiom.kernel import NotFound, new_id
from openiom.platform.batches import BatchResult
from openiom.platform.bulk import copy_rows, execute, fetch
from openiom.platform.database import Database, to_json_text
from openiom.platform.write_behind import savepoint
from openiom.provider_contract import EventRequest

from .backlog import Improvement, Move, improve_backlog
from .capacity_usage import Place, leave, take_places
from .daily_capacity import IntakeResult, counted, days_of, lock_days
from .demand_rates import demand_per_day, weights_kg

RESOURCED = "order.resourced"
ACTOR = "re-optimizer"
_ONE_AT_A_TIME = 0x696F6D02  # one number of ours among PostgreSQL's advisory locks
TRIES = 5


class _Refused(Exception):
    """Orders whose new reservation was refused."""

    def __init__(self, orders: set[UUID]) -> None:
        super().__init__(f"{len(orders)} orders lost the stock they were to move to")
        self.orders = orders


@dataclass(frozen=True, eq=False)
class _Seen:
    """The backlog of one strategy at one instant, with all a plan needs."""

    setting: StrategyConfig
    lines: tuple[OpenLine, ...]
    free: Mapping[tuple[str, str], int]
    given: PlanningContext
    moved_before: Mapping[object, int]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A move as it is to be written."""

    order: UUID
    lines: tuple[tuple[OpenLine, str], ...]  # those that change, with the new source
    saving: float
    opened: tuple[str, ...]  # sources the order did not ship from
    closed: tuple[str, ...]  # sources it no longer ships from


@dataclass
class Reoptimizer:
    """A turn. `looked` remembers when each strategy's backlog was last looked at, so that idle turns cost nothing."""

    order_port: OrderPort
    kind: str = "fulfillment_optimization.reoptimize"
    looked: dict[str, datetime] = field(default_factory=dict)

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        moved = 0
        for name in self._due(database, now):
            self.looked[name] = now
            moved += self.improve(database, name, now)
        return BatchResult(moved, False)

    def _due(self, database: Database, now: datetime) -> list[str]:
        with database.reading() as session:
            known = snapshot(session)
            due = []
            for name in known.strategy_names():
                try:
                    asked = known.strategy_config(name, now.date()).strategy.reoptimize
                except NotFound:
                    continue
                pause = timedelta(minutes=asked.minutes)
                if (
                    asked.enabled
                    and now - self.looked.get(name, datetime.min.replace(tzinfo=now.tzinfo))
                    >= pause
                ):
                    due.append((name, pause))
            return [name for name, pause in due if not _ran_since(session, name, now - pause)]

    def improve(self, database: Database, name: str, now: datetime) -> int:
        """Look at one strategy's backlog and make the moves worth making; the number of orders moved."""
        started = perf_counter()
        with database.unit_of_work() as session:
            seen = self._see(session, name, now)
        if seen is None:
            return 0
        found = improve_backlog(seen.lines, seen.setting, seen.free, seen.given, seen.moved_before)
        with database.unit_of_work() as session:
            if not fetch(session, "SELECT pg_try_advisory_xact_lock(%s)", (_ONE_AT_A_TIME,))[0][0]:
                return 0
            if _ran_since(
                session, name, now - timedelta(minutes=seen.setting.strategy.reoptimize.minutes)
            ):
                return 0
            plan = new_id()
            made = self._make(session, found, seen.setting, plan, now)
            saved = sum(m.saving for m in found.moves) - sum(w.saving for w in made)
            _record(
                session, plan, seen, found, made, found.cost + saved, perf_counter() - started, now
            )
            _record_moves(session, plan, made, now)
        return len(made)

    def _see(self, session: Session, name: str, now: datetime) -> _Seen | None:
        known = snapshot(session)
        setting = known.strategy_config(name, now.date())
        wanted = _named(known, name)
        lines = self.order_port.backlog(session, wanted, limit=setting.strategy.reoptimize.orders)
        held = _held(session, [line.line_id for line in lines])
        mine = {
            x.line_id
            for x in lines
            if held.get(x.line_id) == (x.source, x.quantity) and x.source in setting.index
        }
        parse_id = _whole_orders(lines, lambda line: line.line_id in mine)
        if not parse_id:
            return None
        products = {line.product for line in parse_id}
        days = days_of(session, [(s.name, s.time_zone) for s in counted([setting]).values()], now)
        weights = setting.strategy.weights
        given = PlanningContext(
            now=now,
            parcels_today={source: day.parcels for source, day in days.items()},
            lines_today={source: day.lines for source, day in days.items()},
            demand=demand_per_day(session, products, now)
            if weights.stock_out or weights.markdown_credit
            else {},
            weights_kg=weights_kg(session, products) if setting.rates else {},
        )
        before = _moves_before(session, [line.order_id for line in parse_id])
        return _Seen(setting, tuple(parse_id), available(session, products), given, before)

    def _make(
        self,
        session: Session,
        found: Improvement,
        setting: StrategyConfig,
        plan: UUID,
        now: datetime,
    ) -> list[_Wanted]:
        """Carry the moves out, those that still stand; all or none of an order."""
        wanted = [_as_wanted(found, move) for move in found.moves]
        wanted = self._unchanged(session, wanted, setting, now)
        for _ in range(TRIES):
            if not wanted:
                return []
            try:
                with savepoint(session):
                    self._move(session, wanted, setting, plan, now)
                return wanted
            except _Refused as refused:
                wanted = [w for w in wanted if w.order not in refused.orders]
        return []

    def _unchanged(
        self, session: Session, wanted: Sequence[_Wanted], setting: StrategyConfig, now: datetime
    ) -> list[_Wanted]:
        """Those whose lines are what they were, locked now."""
        if not wanted:
            return []
        orders = [w.order for w in wanted]
        known = snapshot(session)
        again = self.order_port.backlog(
            session, _named(known, setting.name), limit=len(orders), only=orders
        )
        as_is = {(x.line_id, x.source, x.quantity) for x in again}
        return [
            w for w in wanted if all((x.line_id, x.source, x.quantity) in as_is for x, _ in w.lines)
        ]

    def _move(
        self,
        session: Session,
        wanted: Sequence[_Wanted],
        setting: StrategyConfig,
        plan: UUID,
        now: datetime,
    ) -> None:
        sites = counted([setting])
        days = lock_days(session, sites, now)
        _check_room(days, wanted, setting)
        lines = [(w.order, line, to) for w in wanted for line, to in w.lines]
        _lock_stock(
            session, {(line.product, at) for _, line, to in lines for at in (line.source, to)}
        )
        release(session, [line.line_id for _, line, _ in lines], now, ACTOR, "re-optimized")
        asks = [ask_for(x, to, x.quantity) for _, x, to in lines]
        granted = reserve(session, asks, now, ACTOR)
        refused = {order for (order, _, _), ok in zip(lines, granted, strict=True) if not ok}
        if refused:
            raise _Refused(refused)
        leave(
            session,
            sites,
            [Place(line.source, order, line.line_id) for order, line, _ in lines],
            now,
        )
        take_places(
            session, sites, [Place(to, order, line.line_id) for order, line, to in lines], now
        )
        self.order_port.assign(session, {line.line_id: to for _, line, to in lines}, now, ACTOR)
        raises = [
            EventRequest(
                w.order,
                RESOURCED,
                data=_told(w, plan, setting.currency),
                reason=_reason(w, setting.currency),
            )
            for w in wanted
        ]
        answers = self.order_port.raise_events(session, raises, now, ACTOR)
        no = {w.order for w, answer in zip(wanted, answers, strict=True) if not answer.ok}
        if no:
            raise _Refused(no)


def _named(known: Snapshot, name: str) -> list[str]:
    """What orders of this strategy have in their strategy field."""
    return [name, ""] if name == known.default else [name]


def _ran_since(session: Session, name: str, since: datetime) -> bool:
    query = (
        "SELECT EXISTS (SELECT FROM fulfillment_optimization.sourcing_plan"
        " WHERE strategy = %s AND mode = 'reoptimize' AND at > %s)"
    )
    return bool(fetch(session, query, (name, since))[0][0])


def _held(session: Session, lines: Sequence[UUID]) -> dict[UUID, tuple[str, int]]:
    """(source, units) of lines that hold stock at exactly one source."""
    rows = fetch(
        session,
        "SELECT r.line_id, min(s.source), sum(r.open)::bigint FROM inventory_visibility.reservation r"
        " JOIN inventory_visibility.stock s ON s.id = r.stock_id WHERE r.line_id = ANY(%s) AND r.open > 0"
        " GROUP BY 1 HAVING count(DISTINCT s.id) = 1",
        (list(lines),),
    )
    return {line: (source, units) for line, source, units in rows}


def _whole_orders(lines: Sequence[OpenLine], fits: Callable[[OpenLine], bool]) -> list[OpenLine]:
    """The lines of orders all of whose lines fit."""
    bad = {line.order_id for line in lines if not fits(line)}
    return [line for line in lines if line.order_id not in bad]


def _moves_before(session: Session, orders: Sequence[UUID]) -> dict[object, int]:
    rows = fetch(
        session,
        "SELECT order_id, count(DISTINCT plan_id) FROM fulfillment_optimization.source_move WHERE order_id = ANY(%s)"
        " GROUP BY 1",
        (sorted(set(orders)),),
    )
    return dict(rows)


def _as_wanted(found: Improvement, move: Move) -> _Wanted:
    p, names = found.framed.problem, found.framed.names
    span = range(int(p.start[move.order]), int(p.start[move.order + 1]))
    before = {names[int(found.now[line])] for line in span}
    after = {found.target(line) for line in span}
    lines = tuple((found.lines[line], found.target(line)) for line in move.lines)
    return _Wanted(
        lines[0][0].order_id,
        lines,
        move.saving,
        tuple(sorted(after - before)),
        tuple(sorted(before - after)),
    )


def _lock_stock(session: Session, keys: set[tuple[str, str]]) -> None:
    """Lock what is given back and what is taken in one go, in the order everybody locks stock."""
    wanted = sorted(keys)
    fetch(
        session,
        "SELECT s.id FROM inventory_visibility.stock s JOIN unnest(%s::text[], %s::text[]) AS k(product, source)"
        " USING (product, source) WHERE s.organization = '' AND s.dimensions = '' ORDER BY s.id FOR UPDATE OF s",
        ([product for product, _ in wanted], [source for _, source in wanted]),
    )


def _check_room(
    days: Mapping[str, IntakeResult], wanted: Sequence[_Wanted], setting: StrategyConfig
) -> None:
    """Parcels of sources whose day filled up since the plan was made. Raises _Refused."""
    room = {
        site.name: site.daily_parcels - (days[site.name].parcels if site.name in days else 0)
        for site in setting.sources
        if site.daily_parcels is not None
    }
    refused = set()
    for one in wanted:
        if any(room.get(source, 1) < 1 for source in one.opened):
            refused.add(one.order)
            continue
        for source in one.opened:
            if source in room:
                room[source] -= 1
    if refused:
        raise _Refused(refused)


def _told(one: _Wanted, plan: UUID, currency: str) -> dict[str, object]:
    moved = [{"product": line.product, "from": line.source, "to": to} for line, to in one.lines]
    return {"saving": f"{one.saving:.2f}", "currency": currency, "moves": moved, "plan": str(plan)}


def _reason(one: _Wanted, currency: str) -> str:
    before = ", ".join(sorted({line.source for line, _ in one.lines}))
    after = ", ".join(sorted({to for _, to in one.lines}))
    return f"from {before} to {after}, saves {one.saving:.2f} {currency}".rstrip()


def _record(
    session: Session,
    plan: UUID,
    seen: _Seen,
    found: Improvement,
    made: Sequence[_Wanted],
    cost: float,
    seconds: float,
    now: datetime,
) -> None:
    execute(
        session,
        "INSERT INTO fulfillment_optimization.sourcing_plan (id, at, strategy, mode, method, orders, lines, open_lines,"
        " cost, seconds, moves, parts, currency)"
        " VALUES (%s, %s, %s, 'reoptimize', %s, %s, %s, 0, %s, %s, %s, %s, %s)",
        (
            *(
                plan,
                now,
                seen.setting.name,
                found.plan.method,
                found.framed.problem.orders,
                len(seen.lines),
            ),
            *(round(cost, 4), round(seconds, 6), sum(len(w.lines) for w in made)),
            to_json_text({"saved": round(sum(w.saving for w in made), 4)}),
            seen.setting.currency,
        ),
    )


def _record_moves(session: Session, plan: UUID, made: Sequence[_Wanted], now: datetime) -> None:
    """Each moved line, with an equal share of what its order saves."""
    rows = [
        (plan, w.order, line.line_id, line.source, to, round(w.saving / len(w.lines), 4), now)
        for w in made
        for line, to in w.lines
    ]
    columns = ("plan_id", "order_id", "line_id", "from_source", "to_source", "saving", "at")
    copy_rows(session, "fulfillment_optimization.source_move", columns, rows)
