"""
The contract's allocations: /allocation/allocate, unallocate, reallocate, consume and query.

Where the contract is silent we choose: nothing is allocated beyond what is available; the answer of a query is a list
of {productId, dimensions, groups, quantities: {"@iv": {...}}}, and groups given in it ask for all allocations below.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
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
    dimension_text,
    inventory_configuration,
)
from openiom.kernel import Invalid, IomError, Refused
from openiom.platform.http import Now, RawBody, ReadSession, WriteSession

from .body_parser import folded, measure_name, number, read_object, stock_name, text
from .dependencies import PREFIX, Caller, Take, answer_record
from .responses import Answer, json, succeeded

router = APIRouter(prefix=PREFIX, tags=["inventory visibility contract"])
SIGNS = {"addition": 1, "subtraction": -1}


@router.post("/allocation/allocate")
def allocate(
    request: Request, caller: Caller, body: RawBody, session: WriteSession, now: Now
) -> Response:
    """Take units from the common pool for a group."""
    caller.require("inventory.write")
    return _act("allocate", request, body, session, now, caller.name)


@router.post("/allocation/unallocate")
def unallocate(
    request: Request, caller: Caller, body: RawBody, session: WriteSession, now: Now
) -> Response:
    """Give units of a group back to the common pool."""
    caller.require("inventory.write")
    return _act("unallocate", request, body, session, now, caller.name)


@router.post("/allocation/reallocate")
def reallocate(
    request: Request, caller: Caller, body: RawBody, session: WriteSession, now: Now
) -> Response:
    """Move units from one group to another."""
    caller.require("inventory.write")
    return _act("reallocate", request, body, session, now, caller.name)


@router.post("/allocation/consume")
def consume(
    request: Request, caller: Caller, body: RawBody, session: WriteSession, now: Now
) -> Response:
    """Use units of a group, with the measures that move with them."""
    caller.require("inventory.write")
    return _act("consume", request, body, session, now, caller.name)


@router.post("/allocation/query")
def query(caller: Caller, body: RawBody, session: ReadSession) -> Response:
    """What is allocated at exactly these dimensions, to these groups and below; no groups are all."""
    caller.require("inventory.read")
    configuration = inventory_configuration(session)
    record = read_object(body)
    where = stock_name(record, configuration)
    key = StockKey(
        where.organization, where.product, where.source, dimension_text(where.dimensions)
    )
    groups = _path(record.get("groups") or {}, configuration, "groups", least=0)
    return json(
        [
            _shown(row, where.organization, configuration)
            for row in allocations_at(session, key, groups)
        ]
    )


def _act(
    kind: AllocationKind, request: Request, body: bytes, session: Session, now: datetime, actor: str
) -> Response:
    configuration = inventory_configuration(session)
    return answer_record(
        request,
        body,
        read=_reader(kind, configuration),
        take=_taker(session, configuration, now, actor),
    )


def _reader(
    kind: AllocationKind, configuration: InventoryConfiguration
) -> Callable[[dict[str, Any]], AllocationOperation]:
    def read(record: dict[str, Any]) -> AllocationOperation:
        where = stock_name(record, configuration)
        quantity = number(record.get("quantity"), "quantity")
        if quantity <= 0:
            raise Invalid(
                "must be above zero",
                where="quantity",
                remedy="send what is to be moved as a positive number",
            )
        groups = record.get("groups", record.get("targetgroups"))
        sources = (
            _path(record.get("sourcegroups"), configuration, "sourceGroups")
            if kind == "reallocate"
            else ()
        )
        measures = (
            _measures(record.get("physicalmeasures"), configuration) if kind == "consume" else {}
        )
        return AllocationOperation(
            kind,
            text(record, "id"),
            where.organization,
            where.product,
            where.source,
            _path(groups, configuration, "groups"),
            quantity,
            where.dimensions,
            sources,
            measures,
        )

    return read


def _path(
    given: Any, configuration: InventoryConfiguration, where: str, *, least: int = 1
) -> tuple[str, ...]:
    """Group values from the highest group down. Raises Invalid for an unknown group, a gap, or too few."""
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
    path = values[: values.index("")] if "" in values else values
    if any(values[len(path) :]):
        missing = configuration.allocation_groups[len(path)]
        raise Invalid(
            f"{missing} is missing",
            where=where,
            remedy="give the groups from the highest down without a gap",
        )
    if len(path) < least:
        raise Invalid(
            "names no group",
            where=where,
            remedy=f"give at least {configuration.allocation_groups[:1]}",
        )
    return tuple(path)


def _measures(given: Any, configuration: InventoryConfiguration) -> dict[Measure, int]:
    """{data source: {measure: "Addition" or "Subtraction"}}.

    A calculated measure made of soft-reservation measures alone (`iv.softreserved`) stands for the first mapped one.
    """
    out: dict[Measure, int] = {}
    for source, measures in folded(given or {}, "physicalMeasures").items():
        for name, modifier in folded(measures, f"physicalMeasures.{source}").items():
            at = f"physicalMeasures.{source}.{name}"
            sign = SIGNS.get(str(modifier).lower())
            if sign is None:
                raise Invalid(
                    f"{modifier} is not a modifier", where=at, remedy="send Addition or Subtraction"
                )
            parts = configuration.calculated.get((source, name), {})
            soft = [
                m
                for m in configuration.reservation
                if parts and set(parts) <= set(configuration.reservation)
            ]
            out[soft[0] if soft else measure_name(configuration, source, name, where=at)] = sign
    return out


def _taker(
    session: Session, configuration: InventoryConfiguration, now: datetime, actor: str
) -> Take[AllocationOperation]:
    def take(acts: Sequence[AllocationOperation]) -> list[Answer | IomError]:
        done = apply_allocations(session, acts, configuration=configuration, now=now, actor=actor)
        return [
            succeeded(act.event_id, "counted before" if answer.duplicate else "")
            if answer.ok
            else Refused(
                answer.reason, where=act.kind, remedy="ask for less, or allocate more first"
            )
            for act, answer in zip(acts, done, strict=True)
        ]

    return take


def _shown(
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
