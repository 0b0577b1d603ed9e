"""Allocate, unallocate, reallocate and consume; each takes many, is counted once by its id, and is kept as entries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from sqlalchemy.orm import Session

from openiom.inventory_visibility.availability.allocation_limits import PoolMove, move_pools
from openiom.inventory_visibility.availability.hierarchy import Family, Level
from openiom.inventory_visibility.configuration import ALLOCATION_SOURCE, InventoryConfiguration
from openiom.inventory_visibility.events import tell_freed
from openiom.inventory_visibility.ledger.measure_intake import post_measures
from openiom.inventory_visibility.ledger.posting import Entry, post
from openiom.inventory_visibility.locks import ensure_stock, lock_families
from openiom.inventory_visibility.measures import (
    ZERO,
    Measure,
    MeasureChange,
    SoftReserve,
    StockKey,
    dimension_text,
    plain,
)
from openiom.inventory_visibility.reservations.allocation_consumption import pool_entries
from openiom.inventory_visibility.reservations.soft_reservations import soft_reserve
from openiom.platform.bulk import execute, fetch

Kind = Literal["allocate", "unallocate", "reallocate", "consume"]
AVAILABLE: Measure = (ALLOCATION_SOURCE, "@available_to_allocate")


@dataclass(frozen=True, slots=True)
class AllocationAct:
    """
    `quantity` units at one stock key for a path of groups, highest first.

    `sources` is the path a reallocation takes from. `measures` are what a consumption posts beside it: +1 adds the
    quantity to the measure, -1 takes it out; a soft-reservation measure with +1 makes it a soft reservation.
    """

    kind: Kind
    event_id: str
    organization: str
    product: str
    source: str
    groups: tuple[str, ...]
    quantity: Decimal
    dimensions: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    measures: Mapping[Measure, int] = field(default_factory=dict)

    @property
    def key(self) -> StockKey:
        return StockKey(
            self.organization, self.product, self.source, dimension_text(self.dimensions)
        )

    @property
    def once(self) -> str:
        return f"{self.organization}/{self.event_id}"


@dataclass(frozen=True, slots=True)
class Done:
    """`duplicate`: the id was counted before, and nothing changed. `reason` says why an act was refused."""

    ok: bool
    duplicate: bool = False
    reason: str = ""


Path = tuple[int, tuple[str, ...]]
"""A stock id and the groups of a pool there."""


@dataclass
class Desk:
    """One batch under lock: what every pool and every stock key has while the acts are gone through."""

    configuration: InventoryConfiguration
    ids: Mapping[StockKey, int]
    families: Mapping[tuple[str, str, str], Family]
    balances: dict[int, dict[Measure, Decimal]]
    pools: dict[Path, Decimal]
    levels: dict[tuple[str, str], str]
    given: dict[int, Decimal] = field(default_factory=dict)
    moves: list[tuple[Path, Kind, AllocationAct, Decimal]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def take(self, session: Session, act: AllocationAct, *, now: datetime, actor: str) -> str:
        """Decide one act and note its moves; why it is refused, or ''."""
        stock_id = self.ids[act.key]
        refusal = self._refusal(act, stock_id) or self._beside(session, act, now=now, actor=actor)
        if refusal:
            return refusal
        path, units = (stock_id, act.groups), act.quantity
        grows = act.kind in ("allocate", "reallocate")
        self.pools[path] = self.pools.get(path, ZERO) + (units if grows else -units)
        self.moves.append((path, act.kind, act, units if grows else -units))
        if act.kind == "reallocate":
            self.pools[stock_id, act.sources] -= units
            self.moves.append(((stock_id, act.sources), act.kind, act, -units))
        moved = {"allocate": units, "reallocate": ZERO}.get(act.kind, -units)
        self.given[stock_id] = self.given.get(stock_id, ZERO) + moved
        consumed = units if act.kind == "consume" else ZERO
        granted = units if act.kind == "allocate" else ZERO
        self.entries += pool_entries(
            stock_id, moved, consumed, act.kind, act.event_id, granted=granted
        )
        return ""

    def _refusal(self, act: AllocationAct, stock_id: int) -> str:
        if act.quantity <= 0:
            return "the quantity must be above zero"
        level = ";".join(sorted(act.dimensions))
        if self.levels[act.organization, act.product] != level:
            known = (
                self.levels[act.organization, act.product].replace(";", ", ")
                or "no further dimension"
            )
            return f"{act.product} is allocated by {known}; the same product is always allocated by the same dimensions"
        if act.kind == "allocate":
            free = self._available(act, stock_id)
            return (
                f"{plain(max(free, ZERO))} units are available to allocate"
                if act.quantity > free
                else ""
            )
        giver = act.sources if act.kind == "reallocate" else act.groups
        held = self.pools.get((stock_id, giver), ZERO)
        if act.quantity > held:
            return f"{plain(held)} units are allocated to {' > '.join(giver)}, asked for {plain(act.quantity)}"
        return (
            "a group cannot be given to itself"
            if act.kind == "reallocate" and act.sources == act.groups
            else ""
        )

    def _available(self, act: AllocationAct, stock_id: int) -> Decimal:
        """By the configured formula, over the key and every deeper row; of our own stock never the safety stock."""
        formula = self.configuration.calculated.get(AVAILABLE, {})
        level: Level = frozenset(act.dimensions.items())
        rows = [row for row in self.families[act.key.family].rows.values() if level <= row.level]
        total = sum(
            (sign * self.balances[r.id].get(m, ZERO) for r in rows for m, sign in formula.items()),
            ZERO,
        )
        total -= self.given.get(stock_id, ZERO)
        if not act.organization and not act.dimensions:
            own = next(row for row in rows if row.id == stock_id)
            held = sum((units for (at, _), units in self.pools.items() if at == stock_id), ZERO)
            total = min(total, own.free - own.safety_stock - held)
        return total

    def _beside(self, session: Session, act: AllocationAct, *, now: datetime, actor: str) -> str:
        """What a consumption posts or reserves beside it; why that is refused, or ''."""
        formula = self.configuration.calculated.get(AVAILABLE, {})
        wrong = [m for m, sign in act.measures.items() if formula.get(m, 0) != -sign]
        if wrong:
            name = ".".join(wrong[0])
            return f"{name} must be given with the sign opposite to its sign in @iv.@available_to_allocate"
        by = self.configuration.formula
        soft = [m for m in act.measures if m in self.configuration.reservation]
        if len(soft) > 1:
            return "name one soft-reservation measure"
        for measure in soft:
            ask = SoftReserve(
                act.organization,
                act.product,
                act.source,
                act.quantity,
                act.dimensions,
                *measure,
                document=act.event_id,
            )
            hierarchy = tuple(name for name in self.configuration.hierarchy if name != "locationid")
            answer = soft_reserve(
                session,
                [ask],
                hierarchy=hierarchy,
                formula=by,
                now=now,
                actor=actor,
                cause="consume",
            )[0]
            if not answer.ok:
                return answer.reason
        facts = {m: sign * act.quantity for m, sign in act.measures.items() if m not in soft}
        if facts:
            change = MeasureChange(
                act.organization,
                act.product,
                act.source,
                facts,
                dimensions=act.dimensions,
                document=act.event_id,
            )
            post_measures(session, [change], formula=by, now=now, actor=actor, cause="consume")
        self._posted(act, facts, act.quantity if soft else ZERO)
        return ""

    def _posted(
        self, act: AllocationAct, facts: Mapping[Measure, Decimal], reserved: Decimal
    ) -> None:
        """Later acts of the batch see what this one posted."""
        row = self.families[act.key.family].rows[frozenset(act.dimensions.items())]
        row.reserved += reserved
        balances = dict(self.balances[row.id])
        for measure, sign in act.measures.items():
            balances[measure] = balances.get(measure, ZERO) + sign * act.quantity
        self.balances[row.id] = balances
        for measure, delta in facts.items():
            row.on_hand += self.configuration.supply.get(measure, 0) * delta


def allocate_acts(
    session: Session,
    acts: Sequence[AllocationAct],
    *,
    configuration: InventoryConfiguration,
    now: datetime,
    actor: str,
) -> list[Done]:
    """Carry acts out in order; one answer each. A refused one, or one whose id was counted before, changes nothing."""
    fresh = _first_time(session, [act.once for act in acts], now)
    done: list[Done] = []
    order_port = _desk(session, [a for a in acts if a.once in fresh], configuration, now)
    refused = []
    for act in acts:
        if act.once not in fresh:
            done.append(Done(True, duplicate=True))
            continue
        fresh.discard(act.once)
        reason = order_port.take(session, act, now=now, actor=actor)
        done.append(Done(not reason, reason=reason))
        refused += [act.once] if reason else []
    _write(session, order_port, now=now, actor=actor)
    execute(
        session,
        "DELETE FROM inventory_visibility.allocation_event WHERE event_id = ANY(%s)",
        (refused,),
    )
    # Each kind gives somebody more: the group, which no buffer keeps from its own, or whoever has what is common.
    freed = {
        (a.product, a.source)
        for a, d in zip(acts, done, strict=True)
        if d.ok and not d.duplicate and not a.organization and not a.dimensions
    }
    tell_freed(session, freed, cause="allocation", now=now, actor=actor)
    return done


def _first_time(session: Session, events: Sequence[str], now: datetime) -> set[str]:
    rows = fetch(
        session,
        "INSERT INTO inventory_visibility.allocation_event (event_id, at) SELECT e, %s FROM unnest(%s::text[]) AS n(e)"
        " ON CONFLICT DO NOTHING RETURNING event_id",
        (now, sorted(set(events))),
    )
    return {row[0] for row in rows}


def _desk(
    session: Session,
    acts: Sequence[AllocationAct],
    configuration: InventoryConfiguration,
    now: datetime,
) -> Desk:
    """Everything the acts look at, locked: stock rows by id, then the level of each product."""
    values = {act.key.dimensions: frozenset(act.dimensions.items()) for act in acts}
    ids = ensure_stock(session, {act.key for act in acts}, values, now)
    families = lock_families(session, sorted({act.key.family for act in acts}))
    every = [row.id for family in families.values() for row in family.rows.values()]
    levels = _levels(session, acts)
    balances: dict[int, dict[Measure, Decimal]] = {i: {} for i in every}
    for stock_id, source, measure, quantity in fetch(
        session,
        "SELECT stock_id, data_source, measure, quantity FROM inventory_visibility.measure_balance"
        " WHERE stock_id = ANY(%s)",
        (every,),
    ):
        balances[stock_id][source, measure] = quantity
    pools: dict[Path, Decimal] = {
        (row[0], tuple(row[1])): row[2]
        for row in fetch(
            session,
            "SELECT stock_id, groups, allocated FROM inventory_visibility.allocation WHERE stock_id = ANY(%s)",
            (every,),
        )
    }
    return Desk(configuration, ids, families, balances, pools, levels)


def _levels(session: Session, acts: Sequence[AllocationAct]) -> dict[tuple[str, str], str]:
    """The dimensions each product is allocated by; the first act settles them, as long as anything is allocated."""
    wanted = {(a.organization, a.product): ";".join(sorted(a.dimensions)) for a in reversed(acts)}
    keys = sorted(wanted)
    columns = ([k[0] for k in keys], [k[1] for k in keys], [wanted[k] for k in keys])
    execute(
        session,
        "INSERT INTO inventory_visibility.allocation_level (organization, product, dimensions)"
        " SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]) ON CONFLICT DO NOTHING",
        columns,
    )
    rows = fetch(
        session,
        "WITH held AS (SELECT l.organization, l.product, l.dimensions, k.d FROM inventory_visibility.allocation_level l"
        " JOIN unnest(%s::text[], %s::text[], %s::text[]) AS k(o, p, d) ON l.organization = k.o AND l.product = k.p"
        " ORDER BY 1, 2 FOR UPDATE OF l)"
        " SELECT organization, product, dimensions, d, dimensions = d OR EXISTS (SELECT FROM"
        " inventory_visibility.allocation a JOIN inventory_visibility.stock s ON s.id = a.stock_id"
        " WHERE s.organization = held.organization AND s.product = held.product AND a.allocated > 0) FROM held",
        columns,
    )
    free = [row for row in rows if not row[4]]
    execute(
        session,
        "UPDATE inventory_visibility.allocation_level l SET dimensions = k.d"
        " FROM unnest(%s::text[], %s::text[], %s::text[]) AS k(o, p, d) WHERE l.organization = k.o AND l.product = k.p",
        ([r[0] for r in free], [r[1] for r in free], [r[3] for r in free]),
    )
    return {(row[0], row[1]): row[2] if row[4] else row[3] for row in rows}


def _write(session: Session, order_port: Desk, *, now: datetime, actor: str) -> None:
    """Pools that are new, every move with its entry, and the measures of the allocation source."""
    if not order_port.moves:
        return
    paths = sorted({path for path, *_ in order_port.moves})
    stocks, groups = [p[0] for p in paths], ["\x1f".join(p[1]) for p in paths]
    execute(
        session,
        "INSERT INTO inventory_visibility.allocation (stock_id, groups) SELECT s, string_to_array(g, E'\\x1f')"
        " FROM unnest(%s::bigint[], %s::text[]) AS n(s, g) ON CONFLICT DO NOTHING",
        (stocks, groups),
    )
    rows = fetch(
        session,
        "SELECT stock_id, groups, id FROM inventory_visibility.allocation WHERE stock_id = ANY(%s)",
        (stocks,),
    )
    pools = {(row[0], tuple(row[1])): row[2] for row in rows}
    for kind in dict.fromkeys(kind for _, kind, _, _ in order_port.moves):
        moves = []
        for path, _, act, units in (m for m in order_port.moves if m[1] == kind):
            consumed = act.quantity if kind == "consume" else ZERO
            granted = ZERO if kind in ("unallocate", "consume") else units
            moves.append(PoolMove(pools[path], units, act.event_id, consumed, granted))
        move_pools(session, moves, kind, now, actor)
    post(session, order_port.entries, now=now, actor=actor)
