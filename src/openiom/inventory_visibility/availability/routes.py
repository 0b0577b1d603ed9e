"""Available to promise over HTTP: the timeline of a product at each source, and the allocations of our own stock."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from numpy.typing import NDArray
from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.inventory_visibility.configuration import inventory_configuration
from openiom.master_data import kit_parts
from openiom.platform.bulk import fetch
from openiom.platform.http import CurrentPrincipal, Now, Page, ReadSession, decode_cursor, paginate

from .atp import TICKS
from .decisions import Key, Requester
from .projection import Outlook, outlook

router = APIRouter(prefix="/api/v1/inventory", tags=["inventory"])


class ScheduledChange(BaseModel):
    """One entry of a day: who scheduled what, in which document, and how sure the date is."""

    id: int
    product: str
    data_source: str
    measure: str
    quantity: float
    confidence: float
    cause: str
    document: str
    actor: str
    at: datetime


class PromiseDay(BaseModel):
    """`projected` is what will stand free at the end of the day, `atp` what can be promised on it and kept."""

    day: date
    supply: float
    demand: float
    projected: float
    atp: float
    entries: list[ScheduledChange]


class PromiseTimeline(BaseModel):
    """`free` is what may be promised today: on hand, less what is reserved, kept back or allocated to others.

    Of a kit it counts whole kits, and `made_of` says what one is made of.
    """

    product: str
    source: str
    free: float
    on_hand: float
    reserved: float
    safety_stock: float
    allocated: float
    made_of: dict[str, int]
    days: list[PromiseDay]


@router.get("/atp")
def atp(
    principal: CurrentPrincipal,
    session: ReadSession,
    now: Now,
    product: Annotated[str, Query(min_length=1)],
    source: str = "",
    channel: str = "",
    customer_group: str = "",
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Page[PromiseTimeline]:
    """What can be promised of a product by day, for each source that knows it, with the entries behind each day.

    With a channel, as its orders see it: with what is allocated to it and its customer group, less its buffer.
    """
    principal.require("inventory.read")
    cursor = decode_cursor(after, 1)
    rows = timelines(
        *(session, product),
        source=source,
        today=now.date(),
        after=cursor[0] if cursor else "",
        limit=limit + 1,
        channel=channel,
        customer_group=customer_group,
    )
    items, following = paginate(rows, limit=limit, key=lambda r: (r.source,))
    return Page(items=items, next=following)


def timelines(
    session: Session,
    product: str,
    *,
    source: str,
    today: date,
    after: str,
    limit: int,
    channel: str = "",
    customer_group: str = "",
) -> list[PromiseTimeline]:
    """Timelines by source."""
    parts = kit_parts(session, [product]).get(product, {product: 1})
    configuration, channels = inventory_configuration(session), {channel} - {""}
    seen = outlook(
        session,
        list(parts),
        configuration=configuration,
        today=today,
        source=source,
        channels=channels,
    )
    who = Requester(channel, customer_group)
    sources = sorted(set.intersection(*({s for p, s in seen.keys if p == part} for part in parts)))
    shown = [s for s in sources if s > after][:limit]
    entries = _entries(session, seen, [(part, s) for s in shown for part in parts])
    return [_timeline(product, s, parts, seen, entries, who) for s in shown]


def _timeline(
    product: str,
    source: str,
    parts: Mapping[str, int],
    seen: Outlook,
    entries: Mapping[tuple[str, str, date], list[ScheduledChange]],
    who: Requester,
) -> PromiseTimeline:
    single = parts == {product: 1}
    keys = [(part, source) for part in parts]
    rows = [seen.keys.index(key) for key in keys]
    each = np.array(list(parts.values()), dtype=np.int64)[:, None]
    view = seen.seen_by(who)
    projected, promised = (_whole(a[rows], each, single) for a in (view.projected, view.atp))
    moves = [
        a[rows[0]] / TICKS if single else np.zeros(a.shape[1])
        for a in (seen.projection.supply, seen.projection.demand)
    ]
    days = []
    for offset in range(projected.shape[0]):
        day = seen.today + timedelta(days=offset)
        behind = [e for part in parts for e in entries.get((part, source, day), ())]
        supply, demand, stands, promise = (float(a[offset]) for a in (*moves, projected, promised))
        days.append(
            PromiseDay(
                day=day, supply=supply, demand=demand, projected=stands, atp=promise, entries=behind
            )
        )
    standing = [seen.standing[key] for key in keys]
    free = (
        float(seen.free(keys[0], who))
        if single
        else min(
            float(seen.free(key, who) // n) for key, n in zip(keys, parts.values(), strict=True)
        )
    )
    own = standing[0] if single else None
    return PromiseTimeline(
        product=product,
        source=source,
        free=free,
        on_hand=float(own.on_hand) if own else free,
        reserved=float(own.reserved) if own else 0.0,
        safety_stock=float(own.safety_stock) if own else 0.0,
        allocated=float(own.allocated) if own else 0.0,
        made_of={} if single else dict(parts),
        days=days,
    )


def _whole(values: NDArray[np.int64], each: NDArray[np.int64], single: bool) -> NDArray[np.float64]:
    """(parts, days) in ticks to units of the product, or to whole kits."""
    found: NDArray[np.float64] = (
        values[0] / TICKS if single else np.min(values // (each * TICKS), axis=0).astype(float)
    )
    return found


def _entries(
    session: Session, seen: Outlook, keys: Sequence[Key]
) -> dict[tuple[str, str, date], list[ScheduledChange]]:
    ids = {seen.standing[key].stock_id: key for key in keys}
    found: dict[tuple[str, str, date], list[ScheduledChange]] = defaultdict(list)
    for stock_id, day, *rest in fetch(
        session,
        "SELECT stock_id, day, id, data_source, measure, delta::float8, confidence::float8, cause, document, actor, at"
        " FROM inventory_visibility.schedule_entry WHERE stock_id = ANY(%s) AND day >= %s AND day < %s ORDER BY id",
        (list(ids), seen.today, seen.today + timedelta(days=seen.projection.atp.shape[1])),
    ):
        product, source = ids[stock_id]
        entry = dict(zip(ScheduledChange.model_fields, (rest[0], product, *rest[1:]), strict=True))
        found[product, source, day].append(ScheduledChange(**entry))
    return found
