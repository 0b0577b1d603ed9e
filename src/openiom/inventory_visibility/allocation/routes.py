"""HTTP routes of allocations of the own stock: lists, totals, moves and manual operations."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field

from openiom.inventory_visibility.availability.grid import checked_dimension
from openiom.inventory_visibility.configuration import (
    MAX_ALLOCATION_GROUPS,
    InventoryConfiguration,
    inventory_configuration,
)
from openiom.kernel import Invalid
from openiom.platform.http import CurrentPrincipal, Now, ReadSession, Router, WriteSession
from openiom.platform.pagination import Page, PageRequest, page_request
from openiom.platform.request_values import RowId

from .batch import AllocationOperation, AllocationResult
from .operations import apply_allocations
from .queries import (
    MoveRow,
    OwnAllocation,
    PoolRow,
    allocation_moves,
    own_allocations,
    pool_totals,
)

router = Router(prefix="/api/v1/inventory/allocations", tags=["inventory"])
MAX_OPERATIONS = 512
IdPage = Annotated[PageRequest[int], Depends(page_request(int))]


class OperationBody(BaseModel):
    """Units moved manually for a path of groups, the highest first.

    A reallocation takes them from the groups in `sources`.
    """

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1, max_length=200, description="A repeated id changes nothing")
    kind: Literal["allocate", "unallocate", "reallocate"]
    product: str = Field(min_length=1, max_length=400)
    source: str = Field(min_length=1, max_length=400)
    dimensions: dict[str, str] = Field(default_factory=dict)
    groups: list[str] = Field(min_length=1, max_length=MAX_ALLOCATION_GROUPS)
    sources: list[str] = Field(default_factory=list, max_length=MAX_ALLOCATION_GROUPS)
    quantity: Decimal = Field(gt=0, max_digits=14, decimal_places=4)


class OperationsRequest(BaseModel):
    """Operations in their order; a refused one changes nothing and does not stop the others."""

    model_config = ConfigDict(extra="forbid")

    operations: list[OperationBody] = Field(min_length=1, max_length=MAX_OPERATIONS)


class AllocationOperationResult(BaseModel):
    id: str
    ok: bool
    duplicate: bool = False
    reason: str = ""


class OperationsAnswer(BaseModel):
    results: list[AllocationOperationResult]


@router.get("")
def allocations(
    paging: IdPage,
    principal: CurrentPrincipal,
    session: ReadSession,
    product: str = "",
    source: str = "",
) -> Page[OwnAllocation]:
    """Return the allocations of the own stock."""
    principal.require("inventory.read")
    (after,) = paging.after or (0,)
    found = own_allocations(
        session, product=product, source=source, after=after, limit=paging.fetch_limit
    )
    return paging.page(found, key=lambda row: (row.id,))


@router.get("/pools")
def pools(
    principal: CurrentPrincipal, session: ReadSession, product: str = "", source: str = ""
) -> Page[PoolRow]:
    """Return the units allocated to each path of groups, over all own stock."""
    principal.require("inventory.read")
    return Page(items=pool_totals(session, product=product, source=source))


@router.get("/{allocation_id}/moves")
def moves(
    allocation_id: RowId, paging: IdPage, principal: CurrentPrincipal, session: ReadSession
) -> Page[MoveRow]:
    """Return what moved an allocation, the newest first."""
    principal.require("inventory.read")
    (before,) = paging.after or (None,)
    found = allocation_moves(session, allocation_id, before=before, limit=paging.fetch_limit)
    return paging.page(found, key=lambda row: (row.id,))


@router.post("/operations")
def operate(
    request: OperationsRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> OperationsAnswer:
    """Allocate, unallocate or reallocate own stock."""
    principal.require("inventory.write")
    configuration = inventory_configuration(session)

    operations = []
    for number, body in enumerate(request.operations):
        operations.append(_operation(body, configuration, f"operations.{number}"))

    results = apply_allocations(
        session, operations, configuration=configuration, now=now, actor=principal.name
    )
    return _answer(operations, results)


def _answer(
    operations: Sequence[AllocationOperation], results: Sequence[AllocationResult]
) -> OperationsAnswer:
    """Return the results of operations under their ids."""
    shown = []
    for operation, result in zip(operations, results, strict=True):
        shown.append(
            AllocationOperationResult(
                id=operation.event_id,
                ok=result.ok,
                duplicate=result.duplicate,
                reason=result.reason,
            )
        )

    return OperationsAnswer(results=shown)


def _operation(
    body: OperationBody, configuration: InventoryConfiguration, where: str
) -> AllocationOperation:
    """Return the operation of a body; raise `Invalid` when its groups are not valid paths."""
    _check_path(body.groups, configuration, f"{where}.groups")
    _check_path(body.sources, configuration, f"{where}.sources")
    if (body.kind == "reallocate") != bool(body.sources):
        raise Invalid(
            "a reallocation, and no other operation, names the groups that units come from",
            where=f"{where}.sources",
        )

    dimensions = {}
    for name, value in body.dimensions.items():
        dimensions[checked_dimension(name, f"{where}.dimensions")] = value

    return AllocationOperation(
        kind=body.kind,
        event_id=body.id,
        organization="",
        product=body.product,
        source=body.source,
        groups=tuple(body.groups),
        quantity=body.quantity,
        dimensions=dimensions,
        sources=tuple(body.sources),
    )


def _check_path(path: Sequence[str], configuration: InventoryConfiguration, where: str) -> None:
    names = configuration.allocation_groups
    if len(path) > len(names) or not all(value.strip() for value in path):
        raise Invalid(
            "is not a path of groups",
            where=where,
            remedy=f"give values for {', '.join(names)} from the first on, without a gap",
        )
