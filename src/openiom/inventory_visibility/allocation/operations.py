"""Allocation operations: allocate, unallocate, reallocate and consume.

Each call takes many operations; each is applied once by its id and has entries.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from sqlalchemy.orm import Session

from openiom.inventory_visibility.availability.hierarchy import Level, LockedStockRow
from openiom.inventory_visibility.columns import columns_of
from openiom.inventory_visibility.configuration import ALLOCATION_SOURCE, InventoryConfiguration
from openiom.inventory_visibility.events import publish_availability_increased
from openiom.inventory_visibility.ledger.allocations import PoolMove, move_pools, pool_entries
from openiom.inventory_visibility.ledger.measure_intake import post_measures
from openiom.inventory_visibility.ledger.posting import LedgerPosting, post
from openiom.inventory_visibility.locks import Families, ensure_stock, lock_families
from openiom.inventory_visibility.measures import (
    ZERO,
    Measure,
    MeasureChange,
    ProductSource,
    SoftReservationRequest,
    StockKey,
    dimension_text,
    format_quantity,
)
from openiom.inventory_visibility.reservations.soft_reservations import soft_reserve
from openiom.platform.bulk import execute, fetch

from .dimensions import allocation_dimensions

Kind = Literal["allocate", "unallocate", "reallocate", "consume"]
AVAILABLE: Measure = (ALLOCATION_SOURCE, "@available_to_allocate")
Groups = tuple[str, ...]
"""A path of groups, the highest first."""


@dataclass(frozen=True, slots=True)
class AllocationOperation:
    """`quantity` units at one stock key for a path of groups.

    Attributes:
        sources: The path a reallocation takes units from.
        measures: What a consumption posts as well: +1 adds the quantity to the measure, -1
            subtracts it. A soft-reservation measure with +1 makes a soft reservation.
    """

    kind: Kind
    event_id: str
    organization: str
    product: str
    source: str
    groups: Groups
    quantity: Decimal
    dimensions: Mapping[str, str] = field(default_factory=dict)
    sources: Groups = ()
    measures: Mapping[Measure, int] = field(default_factory=dict)

    @property
    def key(self) -> StockKey:
        return StockKey(
            self.organization, self.product, self.source, dimension_text(self.dimensions)
        )

    @property
    def level(self) -> Level:
        return frozenset(self.dimensions.items())

    @property
    def unique_id(self) -> str:
        return f"{self.organization}/{self.event_id}"


@dataclass(frozen=True, slots=True)
class AllocationResult:
    """The outcome of one operation.

    `duplicate` means that it was applied before and nothing changed; `reason` explains a refusal.
    """

    ok: bool
    duplicate: bool = False
    reason: str = ""


class _Pool(NamedTuple):
    """A path of groups at a stock key."""

    stock_id: int
    groups: Groups


class _Move(NamedTuple):
    """What an operation moves of one pool."""

    pool: _Pool
    operation: AllocationOperation
    units: Decimal

    @property
    def consumed(self) -> Decimal:
        return self.operation.quantity if self.operation.kind == "consume" else ZERO

    @property
    def granted(self) -> Decimal:
        """Units that count as newly allocated to the pool."""
        return self.units if self.operation.kind in ("allocate", "reallocate") else ZERO


@dataclass
class AllocationBatch:
    """Operations under lock: the state of pools and stock while they are applied in order.

    Attributes:
        dimensions: The dimension names each (organization, product) is allocated by.
        allocated: Units the batch allocated so far at each stock key, on balance.
    """

    configuration: InventoryConfiguration
    ids: Mapping[StockKey, int]
    families: Families
    balances: dict[int, dict[Measure, Decimal]]
    pools: dict[_Pool, Decimal]
    dimensions: Mapping[tuple[str, str], str]
    allocated: dict[int, Decimal] = field(default_factory=dict)
    moves: list[_Move] = field(default_factory=list)
    entries: list[LedgerPosting] = field(default_factory=list)

    @property
    def formula(self) -> Mapping[Measure, int]:
        """The sign of each measure in what is available to allocate."""
        return self.configuration.calculated.get(AVAILABLE, {})

    def refusal(self, operation: AllocationOperation) -> str:
        """Return why an operation cannot be applied, or ''."""
        if operation.quantity <= 0:
            return "the quantity must be above zero"

        known = self.dimensions[operation.organization, operation.product]
        if known != ";".join(sorted(operation.dimensions)):
            names = known.replace(";", ", ") or "no further dimension"
            return (
                f"{operation.product} is allocated by {names};"
                " a product is always allocated by the same dimensions"
            )
        if operation.kind == "allocate":
            available = self._available(operation)
            if operation.quantity > available:
                return f"{format_quantity(max(available, ZERO))} units are available to allocate"

            return ""

        return self._giver_refusal(operation)

    def _giver_refusal(self, operation: AllocationOperation) -> str:
        """Return why the group that gives units up cannot do so, or ''."""
        is_reallocation = operation.kind == "reallocate"
        giver = operation.sources if is_reallocation else operation.groups
        allocated = self.pools.get(_Pool(self.ids[operation.key], giver), ZERO)
        if operation.quantity > allocated:
            return (
                f"{format_quantity(allocated)} units are allocated to {' > '.join(giver)},"
                f" requested {format_quantity(operation.quantity)}"
            )
        if is_reallocation and operation.sources == operation.groups:
            return "units cannot be reallocated from a group to itself"

        return ""

    def _available(self, operation: AllocationOperation) -> Decimal:
        """Return what may be allocated by the formula, over the key and all deeper rows.

        Of the own stock the safety stock is never allocated.
        """
        stock_id = self.ids[operation.key]
        total = -self.allocated.get(stock_id, ZERO)

        for row in self.families[operation.key.family].rows.values():
            if operation.level <= row.level:
                total += self._by_formula(row.id)

        if operation.organization or operation.dimensions:
            return total

        own = self._row(operation)
        return min(total, own.free - own.safety_stock - self._allocated_at(stock_id))

    def _by_formula(self, stock_id: int) -> Decimal:
        balances = self.balances[stock_id]
        total = ZERO
        for measure, sign in self.formula.items():
            total += sign * balances.get(measure, ZERO)
        return total

    def _allocated_at(self, stock_id: int) -> Decimal:
        total = ZERO
        for pool, units in self.pools.items():
            if pool.stock_id == stock_id:
                total += units
        return total

    def _row(self, operation: AllocationOperation) -> LockedStockRow:
        return self.families[operation.key.family].rows[operation.level]

    def move(self, operation: AllocationOperation) -> None:
        """Move the pools of an operation that is not refused and remember what to write."""
        stock_id, units = self.ids[operation.key], operation.quantity
        grows = operation.kind in ("allocate", "reallocate")
        self._move_pool(stock_id, operation.groups, operation, units if grows else -units)
        if operation.kind == "reallocate":
            self._move_pool(stock_id, operation.sources, operation, -units)
            allocated = ZERO
        else:
            allocated = units if grows else -units

        self.allocated[stock_id] = self.allocated.get(stock_id, ZERO) + allocated
        self.entries += pool_entries(
            stock_id,
            allocated=allocated,
            consumed=units if operation.kind == "consume" else ZERO,
            granted=units if operation.kind == "allocate" else ZERO,
            cause=operation.kind,
            document=operation.event_id,
        )

    def _move_pool(
        self, stock_id: int, groups: Groups, operation: AllocationOperation, units: Decimal
    ) -> None:
        pool = _Pool(stock_id, groups)
        self.pools[pool] = self.pools.get(pool, ZERO) + units
        self.moves.append(_Move(pool, operation, units))

    def apply_posted(
        self,
        operation: AllocationOperation,
        facts: Mapping[Measure, Decimal],
        reserved: Decimal,
    ) -> None:
        """Make later operations of the batch see what a consumption posted and reserved."""
        row = self._row(operation)
        row.reserved += reserved
        balances = dict(self.balances[row.id])

        for measure, sign in operation.measures.items():
            balances[measure] = balances.get(measure, ZERO) + sign * operation.quantity

        self.balances[row.id] = balances
        for measure, delta in facts.items():
            row.on_hand += self.configuration.supply.get(measure, 0) * delta


def apply_allocations(
    session: Session,
    operations: Sequence[AllocationOperation],
    *,
    configuration: InventoryConfiguration,
    now: datetime,
    actor: str,
) -> list[AllocationResult]:
    """Apply operations in order; a refused or repeated one changes nothing.

    Publishes `inventory.availability_increased`, because each kind lets some requester have more:
    the group, which no buffer keeps from its own units, or any requester of common stock.
    """
    new_ids = _store_new_ids(session, [one.unique_id for one in operations], now)
    new = [operation for operation in operations if operation.unique_id in new_ids]
    batch = _lock_batch(session, new, configuration, now)

    results: list[AllocationResult] = []
    applied: list[AllocationOperation] = []
    refused: list[str] = []
    for operation in operations:
        if operation.unique_id not in new_ids:
            results.append(AllocationResult(True, duplicate=True))
            continue

        new_ids.discard(operation.unique_id)
        reason = batch.refusal(operation)
        if not reason and operation.kind == "consume":
            reason = _post_consumption(session, batch, operation, now=now, actor=actor)

        results.append(AllocationResult(not reason, reason=reason))
        if reason:
            refused.append(operation.unique_id)
        else:
            batch.move(operation)
            applied.append(operation)

    _write(session, batch, now=now, actor=actor)
    execute(
        session,
        "DELETE FROM inventory_visibility.allocation_event WHERE event_id = ANY(%s)",
        (refused,),
    )
    freed = _own_stock(applied)
    publish_availability_increased(session, freed, cause="allocation", now=now, actor=actor)
    return results


def _own_stock(operations: Sequence[AllocationOperation]) -> set[ProductSource]:
    """Return the stock without organization and dimensions that the operations moved."""
    moved: set[ProductSource] = set()
    for operation in operations:
        if not operation.organization and not operation.dimensions:
            moved.add((operation.product, operation.source))
    return moved


def _store_new_ids(session: Session, event_ids: Sequence[str], now: datetime) -> set[str]:
    """Store the ids that were not applied before and return them.

    They are sorted, so that two batches do not wait for each other in opposite orders.
    """
    rows = fetch(
        session,
        "INSERT INTO inventory_visibility.allocation_event (event_id, recorded_at)"
        " SELECT e, %s FROM unnest(%s::text[]) AS n(e) ON CONFLICT DO NOTHING RETURNING event_id",
        (now, sorted(set(event_ids))),
    )
    return {event_id for (event_id,) in rows}


def _lock_batch(
    session: Session,
    operations: Sequence[AllocationOperation],
    configuration: InventoryConfiguration,
    now: datetime,
) -> AllocationBatch:
    """Lock the stock rows by id, then the dimensions of each product, and read their state."""
    keys = {operation.key: operation.level for operation in operations}
    values = {key.dimensions: level for key, level in keys.items()}
    ids = ensure_stock(session, keys, values, now)
    families = lock_families(session, sorted({key.family for key in keys}))

    balances: dict[int, dict[Measure, Decimal]] = {}
    for family in families.values():
        for row in family.rows.values():
            balances[row.id] = {}

    stock_ids = list(balances)
    dimensions = allocation_dimensions(
        session,
        [(one.organization, one.product, ";".join(sorted(one.dimensions))) for one in operations],
    )
    measures = fetch(
        session,
        "SELECT stock_id, data_source, measure, quantity"
        " FROM inventory_visibility.measure_balance WHERE stock_id = ANY(%s)",
        (stock_ids,),
    )

    for stock_id, data_source, measure, quantity in measures:
        balances[stock_id][data_source, measure] = quantity

    allocations = fetch(
        session,
        "SELECT stock_id, groups, allocated FROM inventory_visibility.allocation"
        " WHERE stock_id = ANY(%s)",
        (stock_ids,),
    )
    pools = {}
    for stock_id, groups, allocated in allocations:
        pools[_Pool(stock_id, tuple(groups))] = allocated

    return AllocationBatch(configuration, ids, families, balances, pools, dimensions)


def _post_consumption(
    session: Session,
    batch: AllocationBatch,
    operation: AllocationOperation,
    *,
    now: datetime,
    actor: str,
) -> str:
    """Post and reserve the measures of a consumption; return why that is refused, or ''."""
    configuration = batch.configuration
    reserved: list[Measure] = []
    facts: dict[Measure, Decimal] = {}
    for measure, sign in operation.measures.items():
        if batch.formula.get(measure, 0) != -sign:
            return (
                f"{'.'.join(measure)} must be given with the sign opposite to its sign in"
                " @iv.@available_to_allocate"
            )

        if measure in configuration.reservation:
            reserved.append(measure)
        else:
            facts[measure] = sign * operation.quantity

    if len(reserved) > 1:
        return "name one soft-reservation measure"

    for measure in reserved:
        reason = _reserve_consumed(session, configuration, operation, measure, now=now, actor=actor)
        if reason:
            return reason

    if facts:
        change = MeasureChange(
            operation.organization,
            operation.product,
            operation.source,
            facts,
            dimensions=operation.dimensions,
            document=operation.event_id,
        )
        post_measures(
            session,
            [change],
            formula=configuration.formula,
            now=now,
            actor=actor,
            cause="consume",
        )

    batch.apply_posted(operation, facts, operation.quantity if reserved else ZERO)
    return ""


def _reserve_consumed(
    session: Session,
    configuration: InventoryConfiguration,
    operation: AllocationOperation,
    measure: Measure,
    *,
    now: datetime,
    actor: str,
) -> str:
    """Soft-reserve the consumed units; return why that is refused, or ''."""
    data_source, name = measure
    request = SoftReservationRequest(
        operation.organization,
        operation.product,
        operation.source,
        operation.quantity,
        operation.dimensions,
        data_source=data_source,
        measure=name,
        document=operation.event_id,
    )
    (result,) = soft_reserve(
        session,
        [request],
        hierarchy=tuple(name for name in configuration.hierarchy if name != "locationid"),
        formula=configuration.formula,
        now=now,
        actor=actor,
        cause="consume",
    )
    return result.reason


def _write(session: Session, batch: AllocationBatch, *, now: datetime, actor: str) -> None:
    """Create new pools, write every move with its entry, and post the measures of `@iv`."""
    if not batch.moves:
        return

    ids = _pool_ids(session, sorted({move.pool for move in batch.moves}))
    by_kind: dict[Kind, list[PoolMove]] = {}
    for move in batch.moves:
        pool_move = PoolMove(
            pool=ids[move.pool],
            allocated=move.units,
            document=move.operation.event_id,
            consumed=move.consumed,
            granted=move.granted,
        )
        by_kind.setdefault(move.operation.kind, []).append(pool_move)

    for kind, moves in by_kind.items():
        move_pools(session, moves, kind, now, actor)

    post(session, batch.entries, now=now, actor=actor)


def _pool_ids(session: Session, pools: Sequence[_Pool]) -> dict[_Pool, int]:
    """Return the allocation ids of pools; missing ones are created."""
    (stock_ids,) = columns_of(pools, "stock_id")
    # Arrays of arrays must be rectangular, so each path travels as one text.
    paths = ["\x1f".join(pool.groups) for pool in pools]
    execute(
        session,
        "INSERT INTO inventory_visibility.allocation (stock_id, groups)"
        " SELECT s, string_to_array(g, E'\\x1f')"
        " FROM unnest(%s::bigint[], %s::text[]) AS n(s, g) ON CONFLICT DO NOTHING",
        (stock_ids, paths),
    )
    rows = fetch(
        session,
        "SELECT stock_id, groups, id FROM inventory_visibility.allocation WHERE stock_id = ANY(%s)",
        (stock_ids,),
    )
    return {_Pool(stock_id, tuple(groups)): pool_id for stock_id, groups, pool_id in rows}
