"""What would make a source win, and what stock and capacity are worth."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import numpy as np
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from openiom.kernel import NotFound
from openiom.platform.bulk import fetch
from openiom.platform.http import CurrentPrincipal, Now, ReadSession

from .constraints import RANKING
from .engine import Candidate, Change, Counterfactual
from .explanations import refusal_text
from .order_port import OrderPort
from .what_if import WhatIf, what_if

WORDS = {
    "units": "{:.0f} more on the shelf",
    "money": "{:.2f} {currency} off",
    "capacity": "{:.0f} more parcels a day",
    "km": "{:.2f} km more of the maximum distance",
    "minutes": "{:.0f} minutes",
    "lines": "{:.0f} more order lines a day",
    "sources": "{:.0f} more sources for the order",
    "partial": "serving the order in part",
    "constraint": "lifting the constraint",
    "priority": "a better place in the location priority",
}


class ExplainRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    order_id: UUID
    strategy: str = Field("", description="Empty is the order's own, else the default one")
    candidates: int = Field(
        50, ge=1, le=1000, description="Most sources told of each line: chosen, then cheapest"
    )


class ChangeRow(BaseModel):
    """
    units on the shelf, money off, capacity in parcels a day, km, minutes, lines a day, sources for the order; partial,
    constraint and priority are rules to be lifted and count 1.
    """

    kind: str
    amount: float


class WhatIfRow(BaseModel):
    """One way for a losing source to win: one change where one is enough."""

    changes: list[ChangeRow]
    single: bool
    verified: bool = Field(
        description="Solved again with the changes, which win, and with a little less, which do not"
    )
    text: str


class ExplainedCandidate(BaseModel):
    source: str
    chosen: bool
    quantity: int = Field(description="Units the plan takes from it")
    on_hand: int
    cost: dict[str, float]
    total: float
    refused: str
    wins_with: list[WhatIfRow]


class ExplainedLine(BaseModel):
    line_id: UUID
    product: str
    quantity: int
    assigned: str = Field(description="Where the line stands now; empty for nowhere")
    source: str = Field(description="Where it would go if it were planned now; empty for nowhere")
    considered: int
    candidates: list[ExplainedCandidate]


class Explained(BaseModel):
    order_id: UUID
    at: datetime
    strategy: str
    cost: float
    currency: str = Field(description="Empty where kilometers are counted, or none is configured")
    parts: dict[str, float]
    lines: list[ExplainedLine]


class ShadowPriceRow(BaseModel):
    """What one more unit of the product at the source, or without a product one more parcel of its day, is worth."""

    source: str
    title: str
    latitude: float | None
    longitude: float | None
    product: str | None
    price: float = Field(description="The batch's dual")
    saving: float | None = Field(
        description="What planning again with one more saved; empty where nobody looked"
    )


class ShadowPrices(BaseModel):
    plan_id: UUID
    strategy: str
    at: datetime
    currency: str
    total: int
    items: list[ShadowPriceRow]


def explain_router(order_port: OrderPort) -> APIRouter:
    """The routes, over the orders behind `desk`."""
    router = APIRouter(prefix="/api/v1/sourcing", tags=["fulfillment optimization"])

    @router.post("/explain")
    def explain(
        request: ExplainRequest, principal: CurrentPrincipal, session: ReadSession, now: Now
    ) -> Explained:
        """Plan an order again as things stand now, and say what would make each losing source win. Writes nothing."""
        principal.require("sourcing.read")
        found = what_if(session, order_port, request.order_id, strategy=request.strategy, now=now)
        return explained(found, request.order_id, now, request.candidates)

    @router.get("/shadow-prices")
    def prices(
        principal: CurrentPrincipal,
        session: ReadSession,
        plan: Annotated[
            UUID | None, Query(description="Empty is the newest batch that left prices")
        ] = None,
        source: str = "",
        product: str = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> ShadowPrices:
        """What stock and capacity were worth to a batch, dearest first."""
        principal.require("sourcing.read")
        return shadow_prices(session, plan, source=source, product=product, limit=limit)

    return router


def explained(found: WhatIf, order_id: UUID, now: datetime, most: int) -> Explained:
    """The answer to people: sources by name, changes in words."""
    names, plan = found.setting.names, found.plan
    rank = _rank_step(found)
    lines = []
    for explanation, asked in zip(plan.explain(0).lines, found.lines, strict=True):
        mine = [c for c in found.found if c.line == explanation.line]
        node = int(plan.node[explanation.line])
        lines.append(
            ExplainedLine(
                line_id=asked.line.line_id,
                product=asked.line.product,
                quantity=asked.line.quantity,
                assigned=asked.assigned,
                source=names[node] if node >= 0 else "",
                considered=len(explanation.candidates),
                candidates=[
                    _candidate(c, names, mine, rank, found.setting.currency)
                    for c in explanation.candidates[:most]
                ],
            )
        )
    return Explained(
        order_id=order_id,
        at=now,
        strategy=found.setting.name,
        cost=round(sum(found.money.values()), 4),
        currency=found.setting.currency,
        parts={name: round(money, 4) for name, money in found.money.items()},
        lines=lines,
    )


def _candidate(
    candidate: Candidate,
    names: Sequence[str],
    found: Sequence[Counterfactual],
    rank: float,
    currency: str,
) -> ExplainedCandidate:
    money = {
        k: round(v, 4) for k, v in {**candidate.parcel, **candidate.serve}.items() if k != RANKING
    }
    return ExplainedCandidate(
        source=names[candidate.node],
        chosen=candidate.quantity > 0,
        quantity=candidate.quantity,
        on_hand=candidate.on_hand,
        cost=money,
        total=round(sum(money.values()), 4),
        refused=refusal_text(candidate.refusal),
        wins_with=[_way(c, rank, currency) for c in found if c.node == candidate.node],
    )


def _way(found: Counterfactual, rank: float, currency: str) -> WhatIfRow:
    changes = [_told(change, rank) for change in found.changes]
    text = " and ".join(
        WORDS[c.kind].format(c.amount, currency=currency).replace("  ", " ") for c in changes
    )
    return WhatIfRow(changes=changes, single=found.single, verified=found.verified, text=text)


def _told(change: Change, rank: float) -> ChangeRow:
    """Money that would have to outweigh a place in the location priority is no money anybody could take off."""
    if change.kind == "money" and rank and change.amount >= rank:
        return ChangeRow(kind="priority", amount=1.0)
    return ChangeRow(kind=change.kind, amount=change.amount)


def _rank_step(found: WhatIf) -> float:
    """What stands for one place of a hard location priority; 0 without one."""
    ranks = found.plan.problem.serve_parts.get(RANKING)
    steps = np.unique(ranks) if ranks is not None else np.zeros(0)
    return float(np.diff(steps).min()) / 2 if len(steps) > 1 else 0.0


def shadow_prices(
    session: Session, plan: UUID | None, *, source: str, product: str, limit: int
) -> ShadowPrices:
    """The prices a plan left behind. Raises NotFound."""
    head = fetch(
        session,
        "SELECT p.id, p.strategy, p.at, p.currency FROM fulfillment_optimization.sourcing_plan p WHERE p.id = %s"
        if plan
        else "SELECT p.id, p.strategy, p.at, p.currency FROM fulfillment_optimization.sourcing_plan p"
        " WHERE p.mode = 'batch'"
        " AND EXISTS (SELECT FROM fulfillment_optimization.shadow_price s WHERE s.plan_id = p.id)"
        " ORDER BY p.at DESC, p.id DESC LIMIT 1",
        (plan,) if plan else (),
    )
    if not head:
        what = f"no sourcing plan {plan}" if plan else "no batch has left prices yet"
        raise NotFound(
            what,
            remedy="shadow prices come from batches: let a strategy collect orders in a window",
        )
    (id, strategy, at, currency) = head[0]
    rows = fetch(
        session,
        "SELECT s.source, coalesce(o.title, s.source), o.latitude, o.longitude, s.product, s.price, s.saving,"
        " count(*) OVER () FROM fulfillment_optimization.shadow_price s"
        " LEFT JOIN fulfillment_optimization.source o ON o.name = s.source WHERE s.plan_id = %s"
        " AND (%s = '' OR s.source = %s) AND (%s = '' OR s.product = %s)"
        " ORDER BY coalesce(s.saving, 0) DESC, s.price DESC, s.id LIMIT %s",
        (id, source, source, product, product, limit),
    )
    names = ("source", "title", "latitude", "longitude", "product", "price", "saving")
    items = [ShadowPriceRow(**dict(zip(names, row[:-1], strict=True))) for row in rows]
    total = rows[0][-1] if rows else 0
    return ShadowPrices(
        plan_id=id, strategy=strategy, at=at, currency=currency, total=total, items=items
    )
