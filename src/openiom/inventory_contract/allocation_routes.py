"""
Routes of allocations: /allocation/allocate, unallocate, reallocate, consume and query.

Choices of ours where the contract is silent: no more is allocated than is available; a query
returns a list of {productId, dimensions, groups, quantities: {"@iv": {...}}}, and groups in a query
select all allocations below them.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    LOCATION,
    SITE,
    AllocationKind,
    AllocationOperation,
    AllocationRow,
    InventoryConfiguration,
    Measure,
    StockKey,
    allocations_at,
    apply_allocations,
    configuration_for_writing,
    dimension_text,
    inventory_configuration,
)
from openiom.kernel import Invalid, IomError, Refused
from openiom.platform.http import Now, Principal, RawBody, ReadSession, Router, WriteSession

from .body_parser import folded, measure_name, number, read_object, stock_name, text
from .changes import ALREADY_APPLIED
from .dependencies import PREFIX, Caller, process_record
from .responses import RecordResult, json_response, succeeded

router = Router(prefix=PREFIX, tags=["inventory visibility contract"])
SIGNS = {"addition": 1, "subtraction": -1}


@router.post("/allocation/allocate")
def allocate(
    request: Request, caller: Caller, body: RawBody, session: WriteSession, now: Now
) -> Response:
    """Allocate units of the common pool to a group."""
    return _operate("allocate", request, body, session, now, caller)


@router.post("/allocation/unallocate")
def unallocate(
    request: Request, caller: Caller, body: RawBody, session: WriteSession, now: Now
) -> Response:
    """Return units of a group to the common pool."""
    return _operate("unallocate", request, body, session, now, caller)


@router.post("/allocation/reallocate")
def reallocate(
    request: Request, caller: Caller, body: RawBody, session: WriteSession, now: Now
) -> Response:
    """Move units from one group to another."""
    return _operate("reallocate", request, body, session, now, caller)


@router.post("/allocation/consume")
def consume(
    request: Request, caller: Caller, body: RawBody, session: WriteSession, now: Now
) -> Response:
    """Consume units of a group, and change the physical measures named with them."""
    return _operate("consume", request, body, session, now, caller)


@router.post("/allocation/query")
def query(caller: Caller, body: RawBody, session: ReadSession) -> Response:
    """Return allocations at exactly these dimensions, to these groups and below or to all."""
    caller.require("inventory.read")
    configuration = inventory_configuration(session)
    record = read_object(body)
    name = stock_name(record, configuration)
    key = StockKey(name.organization, name.product, name.source, dimension_text(name.dimensions))
    groups = _path(record.get("groups") or {}, configuration, "groups", minimum=0)

    allocations: list[dict[str, Any]] = []
    for row in allocations_at(session, key, groups):
        allocations.append(_allocation(row, name.organization, configuration))

    return json_response(allocations)


def _operate(
    kind: AllocationKind,
    request: Request,
    body: bytes,
    session: Session,
    now: datetime,
    principal: Principal,
) -> Response:
    principal.require("inventory.write")
    configuration = configuration_for_writing(session)
    apply = partial(_apply, session, configuration=configuration, now=now, actor=principal.name)
    return process_record(request, body, read=partial(_read, kind, configuration), apply=apply)


def _read(
    kind: AllocationKind, configuration: InventoryConfiguration, record: dict[str, Any]
) -> AllocationOperation:
    """Return the operation in a record with lower-case names. Raises Invalid."""
    name = stock_name(record, configuration)
    quantity = number(record.get("quantity"), "quantity")
    if quantity <= 0:
        raise Invalid(
            "must be above zero", where="quantity", remedy="send the quantity as a positive number"
        )

    source_groups: tuple[str, ...] = ()
    measures: dict[Measure, int] = {}
    if kind == "reallocate":
        source_groups = _path(record.get("sourcegroups"), configuration, "sourceGroups")
    elif kind == "consume":
        measures = _measures(record.get("physicalmeasures"), configuration)

    groups = record.get("groups", record.get("targetgroups"))
    return AllocationOperation(
        kind,
        text(record, "id"),
        name.organization,
        name.product,
        name.source,
        _path(groups, configuration, "groups"),
        quantity,
        name.dimensions,
        source_groups,
        measures,
    )


def _path(
    given: Any, configuration: InventoryConfiguration, where: str, *, minimum: int = 1
) -> tuple[str, ...]:
    """Return group values from the highest group down.

    Raises Invalid for an unknown group, a gap, or fewer than `minimum` groups.
    """
    groups = folded(given, where)
    names = [name.lower() for name in configuration.allocation_groups]
    unknown = sorted(set(groups) - set(names))
    if unknown:
        raise Invalid(
            f"{unknown[0]} is not an allocation group",
            where=f"{where}.{unknown[0]}",
            remedy=f"the groups are, highest first, {', '.join(configuration.allocation_groups)}",
        )

    values = [text(groups, name, default="") for name in names]
    length = values.index("") if "" in values else len(values)
    path = values[:length]
    if any(values[length:]):
        missing = configuration.allocation_groups[length]
        raise Invalid(
            f"{missing} is missing",
            where=where,
            remedy="send the groups from the highest down without a gap",
        )
    if length < minimum:
        raise Invalid(
            "names no group",
            where=where,
            remedy=f"send at least {', '.join(configuration.allocation_groups[:1])}",
        )

    return tuple(path)


def _measures(given: Any, configuration: InventoryConfiguration) -> dict[Measure, int]:
    """Return the signs of {data source: {measure: "Addition" or "Subtraction"}}. Raises Invalid."""
    signs: dict[Measure, int] = {}
    for source, measures in folded(given or {}, "physicalMeasures").items():
        for name, modifier in folded(measures, f"physicalMeasures.{source}").items():
            path = f"physicalMeasures.{source}.{name}"
            sign = _sign(modifier, path)
            signs[_consumed_measure(source, name, configuration, path)] = sign
    return signs


def _consumed_measure(
    source: str, name: str, configuration: InventoryConfiguration, where: str
) -> Measure:
    """Return the measure that a consumption changes under this name. Raises Invalid."""
    measure = _soft_reservation_measure(source, name, configuration)
    if measure is not None:
        return measure
    return measure_name(configuration, source, name, where=where)


def _sign(modifier: Any, where: str) -> int:
    """Return 1 or -1 for a modifier. Raises Invalid."""
    sign = SIGNS.get(str(modifier).lower())
    if sign is None:
        raise Invalid(
            f"{modifier} is not a modifier",
            where=where,
            remedy="send Addition or Subtraction",
        )

    return sign


def _soft_reservation_measure(
    source: str, name: str, configuration: InventoryConfiguration
) -> Measure | None:
    """Return the first soft-reservation measure for a calculated one that consists of such only.

    An example is `iv.softreserved`. None for every other measure.
    """
    terms = configuration.calculated.get((source, name), {})
    if not terms.keys() <= configuration.reservation.keys():
        return None

    return next(filter(terms.__contains__, configuration.reservation), None)


def _apply(
    session: Session,
    operations: Sequence[AllocationOperation],
    *,
    configuration: InventoryConfiguration,
    now: datetime,
    actor: str,
) -> list[RecordResult | IomError]:
    allocated = apply_allocations(
        session, operations, configuration=configuration, now=now, actor=actor
    )
    results: list[RecordResult | IomError] = []
    for operation, result in zip(operations, allocated, strict=True):
        if result.ok:
            message = ALREADY_APPLIED if result.duplicate else ""
            results.append(succeeded(operation.event_id, message))
        else:
            results.append(
                Refused(
                    result.reason,
                    where=operation.kind,
                    remedy="reduce the quantity, or allocate more first",
                )
            )

    return results


def _allocation(
    row: AllocationRow, organization: str, configuration: InventoryConfiguration
) -> dict[str, Any]:
    dimensions = dict(row.dimensions)
    if row.source:
        dimensions[LOCATION] = row.source
        if not organization:
            dimensions.setdefault(SITE, configuration.site_of(row.source))

    names = [name.lower() for name in configuration.allocation_groups]
    return {
        "productId": row.product,
        "dimensions": dimensions,
        "groups": dict(zip(names, row.groups, strict=False)),
        "quantities": {
            "@iv": {
                "@allocated": float(row.allocated),
                "@cumulative_allocated": float(row.cumulative_allocated),
                "@consumed": float(row.consumed),
                "@cumulative_consumed": float(row.cumulative_consumed),
            }
        },
    }
