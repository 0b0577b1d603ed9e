"""The visibility grid, what things are called, allocations by hand, the chain's days, and what expires, over HTTP."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from openiom.inventory_visibility.allocation import AllocationAct, allocate_acts
from openiom.inventory_visibility.allocation.pools import MoveRow, PoolRow, moves, pools
from openiom.inventory_visibility.configuration import (
    InventoryConfiguration,
    inventory_configuration,
)
from openiom.inventory_visibility.ledger.queries import DayRow, days, expiring
from openiom.inventory_visibility.reservations.queries import ReservationRow
from openiom.kernel import Invalid, NotFound
from openiom.platform.http import (
    CurrentPrincipal,
    Now,
    Page,
    ReadSession,
    WriteSession,
    decode_cursor,
    paginate,
    parse_id,
)

from .display_schema import Shape, shape
from .grid import (
    MOST_GROUPS,
    PRODUCT,
    SOURCE,
    Group,
    Looking,
    StockKeyRow,
    checked_dimension,
    groups,
    stock_key,
    stock_keys,
)

router = APIRouter(prefix="/api/v1/inventory", tags=["inventory"])
ACTS_LIMIT = 512
GroupBy = Annotated[
    str, Query(description="Comma-separated: product, source and base dimensions, in this order")
]
Dimensions = Annotated[
    list[str] | None,
    Query(alias="dimension", description="name=value of a base dimension; an empty value is none"),
]
Limit = Annotated[int, Query(ge=1, le=500)]


class GroupRow(BaseModel):
    """One row of the grid. `values` holds what it is grouped by, `measures` {data source: {measure: units}}.

    `available` is what anybody may be promised: on hand, less what is reserved, kept as safety stock or allocated.
    `stock_id` is given when one stock key is behind the row.
    """

    values: dict[str, str]
    product_name: str
    keys: int
    stock_id: int | None
    on_hand: float
    reserved: float
    safety_stock: float
    allocated: float
    available: float
    oversell: bool
    measures: dict[str, dict[str, float]]
    updated_at: datetime


class ActBody(BaseModel):
    """Units moved by hand for a path of groups, highest first. A reallocation takes them from `sources`."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1, max_length=200, description="Counted once")
    kind: Literal["allocate", "unallocate", "reallocate"]
    product: str = Field(min_length=1, max_length=400)
    source: str = Field(min_length=1, max_length=400)
    dimensions: dict[str, str] = Field(default_factory=dict)
    groups: list[str] = Field(min_length=1, max_length=8)
    sources: list[str] = Field(default_factory=list, max_length=8)
    quantity: Decimal = Field(gt=0, max_digits=14, decimal_places=4)


class ActsRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    acts: list[ActBody] = Field(min_length=1, max_length=ACTS_LIMIT)


class ActResult(BaseModel):
    id: str
    ok: bool
    duplicate: bool = False
    reason: str = ""


class ActsAnswer(BaseModel):
    results: list[ActResult]


@router.get("/shape")
def configured(principal: CurrentPrincipal, session: ReadSession) -> Shape:
    """What source systems, measures, dimensions and allocation groups are called."""
    principal.require("inventory.read")
    return shape(session)


@router.get("/visibility")
def visibility(
    principal: CurrentPrincipal,
    session: ReadSession,
    group_by: GroupBy = "product,source",
    organization: str = "",
    product: str = "",
    source: str = "",
    search: str = "",
    dimension: Dimensions = None,
    short: bool = False,
    after: str | None = None,
    limit: Limit = 50,
) -> Page[GroupRow]:
    """Stock grouped as asked, with every measure; `short` keeps groups of which nothing may be promised."""
    principal.require("inventory.read")
    by = _group_by(group_by)
    configuration = inventory_configuration(session)
    looking = Looking(by, organization, product, source, search, _dimensions(dimension), short)
    found = groups(
        session, looking, configuration, after=decode_cursor(after, len(by)), limit=limit + 1
    )
    rows, following = paginate(found, limit=limit, key=lambda g: g.values)
    return Page(items=[_row(by, group) for group in rows], next=following)


@router.get("/keys")
def keys(
    principal: CurrentPrincipal,
    session: ReadSession,
    organization: str = "",
    product: str = "",
    source: str = "",
    dimension: Dimensions = None,
    after: str | None = None,
    limit: Limit = 50,
) -> Page[StockKeyRow]:
    """The stock keys behind a row of the grid."""
    principal.require("inventory.read")
    cursor = decode_cursor(after, 1, parse_id)
    looking = Looking((), organization, product, source, dimensions=_dimensions(dimension))
    found = stock_keys(
        session,
        looking,
        inventory_configuration(session),
        after=int(cursor[0]) if cursor else 0,
        limit=limit + 1,
    )
    items, following = paginate(found, limit=limit, key=lambda r: (r.stock_id,))
    return Page(items=items, next=following)


@router.get("/keys/{stock_id}")
def key(stock_id: int, principal: CurrentPrincipal, session: ReadSession) -> StockKeyRow:
    """One stock key."""
    principal.require("inventory.read")
    found = stock_key(session, stock_id)
    if found is None:
        raise NotFound(f"no stock key {stock_id}", where="stock_id", remedy="see the list of stock")
    return found


@router.get("/chain")
def chain(
    principal: CurrentPrincipal, session: ReadSession, after: str | None = None, limit: Limit = 50
) -> Page[DayRow]:
    """Days of the ledger, newest first, with the hash that seals each."""
    principal.require("inventory.read")
    cursor = decode_cursor(after, 1, date.fromisoformat)
    found = days(session, before=date.fromisoformat(cursor[0]) if cursor else None, limit=limit + 1)
    items, following = paginate(found, limit=limit, key=lambda r: (r.day,))
    return Page(items=items, next=following)


@router.get("/reservations/expiring")
def ending(
    principal: CurrentPrincipal,
    session: ReadSession,
    product: str = "",
    source: str = "",
    document: str = "",
    line: Annotated[list[UUID] | None, Query(max_length=500)] = None,
    after: str | None = None,
    limit: Limit = 50,
) -> Page[ReservationRow]:
    """Open reservations that end by themselves, the next to end first."""
    principal.require("inventory.read")
    found = expiring(
        session,
        product=product,
        source=source,
        document=document,
        lines=line or (),
        after=decode_cursor(after, 2, datetime.fromisoformat, parse_id),
        limit=limit + 1,
    )
    items, following = paginate(found, limit=limit, key=lambda r: (r.expires_at, r.id))
    return Page(items=items, next=following)


@router.get("/allocations/pools")
def pool_totals(
    principal: CurrentPrincipal, session: ReadSession, product: str = "", source: str = ""
) -> Page[PoolRow]:
    """Units kept for each path of groups, over all our own stock."""
    principal.require("inventory.read")
    return Page(items=pools(session, product=product, source=source))


@router.get("/allocations/{allocation_id}/moves")
def pool_moves(
    allocation_id: int,
    principal: CurrentPrincipal,
    session: ReadSession,
    after: str | None = None,
    limit: Limit = 50,
) -> Page[MoveRow]:
    """What moved an allocation, newest first."""
    principal.require("inventory.read")
    cursor = decode_cursor(after, 1, parse_id)
    found = moves(
        session, allocation_id, before=int(cursor[0]) if cursor else None, limit=limit + 1
    )
    items, following = paginate(found, limit=limit, key=lambda r: (r.id,))
    return Page(items=items, next=following)


@router.post("/allocations/acts")
def act(
    request: ActsRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> ActsAnswer:
    """Allocate, unallocate or reallocate our own stock; a refused act changes nothing and does not stop the rest."""
    principal.require("inventory.write")
    configuration = inventory_configuration(session)
    acts = [_act(one, configuration, f"acts.{i}") for i, one in enumerate(request.acts)]
    done = allocate_acts(session, acts, configuration=configuration, now=now, actor=principal.name)
    return ActsAnswer(
        results=[
            ActResult(id=one.event_id, ok=d.ok, duplicate=d.duplicate, reason=d.reason)
            for one, d in zip(acts, done, strict=True)
        ]
    )


def _act(body: ActBody, configuration: InventoryConfiguration, where: str) -> AllocationAct:
    named = configuration.allocation_groups
    for field, path in (("groups", body.groups), ("sources", body.sources)):
        if len(path) > len(named) or not all(value.strip() for value in path):
            remedy = (
                f"give a value for each of {', '.join(named)} from the first down, without a gap"
            )
            raise Invalid("is not a path of groups", where=f"{where}.{field}", remedy=remedy)
    if (body.kind == "reallocate") != bool(body.sources):
        raise Invalid(
            "a reallocation, and nothing else, names where units come from",
            where=f"{where}.sources",
        )
    return AllocationAct(
        kind=body.kind,
        event_id=body.id,
        organization="",
        product=body.product,
        source=body.source,
        groups=tuple(body.groups),
        quantity=body.quantity,
        dimensions={
            checked_dimension(name, f"{where}.dimensions"): v for name, v in body.dimensions.items()
        },
        sources=tuple(body.sources),
    )


def _row(by: Sequence[str], group: Group) -> GroupRow:
    return GroupRow(
        values=dict(zip(by, group.values, strict=True)),
        product_name=group.product_name,
        keys=group.keys,
        stock_id=group.stock_id,
        on_hand=float(group.on_hand),
        reserved=float(group.reserved),
        safety_stock=float(group.safety_stock),
        allocated=float(group.allocated),
        available=float(group.available),
        oversell=group.oversell,
        measures=group.measures,
        updated_at=group.updated_at,
    )


def _group_by(given: str) -> list[str]:
    names = [name.strip().lower() for name in given.split(",") if name.strip()]
    by = [
        name if name in (PRODUCT, SOURCE) else checked_dimension(name, "group_by") for name in names
    ]
    if not 0 < len(set(by)) == len(by) <= MOST_GROUPS:
        remedy = f"name product, source or dimensions, each once and at most {MOST_GROUPS}"
        raise Invalid(f"cannot group by {given or 'nothing'}", where="group_by", remedy=remedy)
    return by


def _dimensions(given: list[str] | None) -> dict[str, str]:
    pairs = [one.partition("=") for one in given or ()]
    return {checked_dimension(name, "dimension"): value for name, _, value in pairs}
