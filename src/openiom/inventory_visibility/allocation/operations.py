"""Allocation operations: allocate, unallocate, reallocate and consume.

Each call takes many operations; each is applied once by its id and has entries.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from openiom.inventory_visibility.columns import columns_of
from openiom.inventory_visibility.configuration import InventoryConfiguration
from openiom.inventory_visibility.events import publish_availability_increased
from openiom.inventory_visibility.ledger.allocations import PoolMove, move_pools
from openiom.inventory_visibility.ledger.measure_intake import post_measures
from openiom.inventory_visibility.ledger.posting import post
from openiom.inventory_visibility.locks import ensure_stock, lock_families, stocked_locations
from openiom.inventory_visibility.measures import (
    ZERO,
    Family,
    Measure,
    MeasureChange,
    ProductSource,
    SoftReservationRequest,
    StockKey,
)
from openiom.inventory_visibility.reservations.soft_reservations import soft_reserve
from openiom.platform.bulk import execute, fetch

from .batch import AllocationBatch, AllocationOperation, AllocationResult, Kind, Pool
from .dimensions import allocation_dimensions


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
    wanted = {key.family for key in keys}
    if not configuration.by_location:
        wanted |= _families_at_every_location(session, keys)

    families = lock_families(session, sorted(wanted))

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
        pools[Pool(stock_id, tuple(groups))] = allocated

    return AllocationBatch(configuration, ids, families, balances, pools, dimensions)


def _families_at_every_location(session: Session, keys: Iterable[StockKey]) -> set[Family]:
    """Return the families of all locations for the keys that name no location."""
    unlocated = {(key.organization, key.product) for key in keys if not key.source}
    found: set[Family] = set()
    for (organization, product), sources in stocked_locations(session, unlocated).items():
        found.update((organization, product, source) for source in sources)
    return found


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
        if batch.formula.get(measure) == sign:
            return (
                f"{'.'.join(measure)} must be given with the sign opposite to its sign in"
                " @iv.@available_to_allocate"
            )

        if measure in configuration.reservation:
            if sign < 0:
                return f"{'.'.join(measure)} is a soft reservation: consume it with Addition"

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
    """Soft-reserve the consumed units; return why that is refused, or ''.

    A consumption lowers what is allocated by as much as it reserves. It therefore needs units that
    are not reserved, allocated or not.
    """
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
        hierarchy=configuration.stock_hierarchy,
        site_of=configuration.site_lookup,
        formula=replace(configuration.formula, allocations={}),
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


def _pool_ids(session: Session, pools: Sequence[Pool]) -> dict[Pool, int]:
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
    return {Pool(stock_id, tuple(groups)): pool_id for stock_id, groups, pool_id in rows}
