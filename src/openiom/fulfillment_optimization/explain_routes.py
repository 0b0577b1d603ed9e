"""Routes that explain: what would make a source win, and what stock and capacity are worth."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import numpy as np
from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from openiom.documents import QuantityNumber, plain_number
from openiom.kernel import MAX_DECIMALS, amount_text, round_cost
from openiom.platform.http import CurrentPrincipal, Now, ReadSession, Router

from .constraints import RANKING
from .constraints.routes import router as constraint_kind_router
from .engine import Change, Counterfactual, LineExplanation, SourceCandidate
from .explanations import refusal_text
from .order_port import OrderPort, SourcedLine
from .shadow_price_queries import plan_with_prices, prices_of_plan
from .what_if import WhatIf, what_if

CHANGE_TEXTS = {
    "units": "{:g} more on hand",
    "money": "{money} {currency} off",
    "capacity": "{:.0f} more parcels a day",
    "km": "{:.2f} km more of the maximum distance",
    "minutes": "{:.0f} minutes",
    "lines": "{:.0f} more order lines a day",
    "sources": "{:.0f} more sources for the order",
    "partial": "serving the order in part",
    "constraint": "lifting the constraint",
    "priority": "a better rank in the location priority",
}


class ExplainRequest(BaseModel):
    """An order to plan again."""

    model_config = ConfigDict(extra="forbid")

    order_id: UUID
    strategy: str = Field("", description="Empty is the order's own, else the default one")
    candidates: int = Field(
        50, ge=1, le=1000, description="Most sources listed for each line: chosen, then cheapest"
    )


class ChangeRow(BaseModel):
    """An amount of one kind.

    Units on hand, money off, capacity in parcels a day, km, minutes, order lines a day, sources
    for the order. Partial, constraint and priority are rules to be lifted and have the amount 1.
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
    """A source for a line."""

    source: str
    chosen: bool
    quantity: QuantityNumber = Field(description="What the plan takes from it, in the stock unit")
    on_hand: QuantityNumber = Field(description="In the stock unit of the product")
    cost: dict[str, float]
    total: float
    refused: str
    wins_with: list[WhatIfRow]


class ExplainedLine(BaseModel):
    """A line of the order with its candidates."""

    line_id: UUID
    product: str
    quantity: QuantityNumber = Field(description="In the stock unit of the product")
    assigned: str = Field(description="The source the line has now; empty for none")
    source: str = Field(description="The source it would get if planned now; empty for none")
    considered: int
    candidates: list[ExplainedCandidate]


class SourcingExplanation(BaseModel):
    """An order planned again as of `planned_at`."""

    order_id: UUID
    planned_at: datetime
    strategy: str
    cost: float
    currency: str = Field(description="Empty where kilometers are counted, or none is configured")
    parts: dict[str, float]
    lines: list[ExplainedLine]


class ShadowPriceRow(BaseModel):
    """The value of one more unit of the product at the source.

    Without a product, of one more parcel of its day.
    """

    source: str
    title: str
    latitude: float | None
    longitude: float | None
    product: str | None
    price: float = Field(description="The batch's dual")
    saving: float | None = Field(
        description="What planning again with one more saved; empty where not verified"
    )


class ShadowPrices(BaseModel):
    """The prices that a batch left behind."""

    plan_id: UUID
    strategy: str
    planned_at: datetime
    currency: str
    total: int
    items: list[ShadowPriceRow]


def explain_router(order_port: OrderPort) -> Router:
    """Return the routes, for the orders behind the port."""
    router = Router()
    router.include_router(constraint_kind_router)
    sourcing = Router(prefix="/api/v1/sourcing", tags=["fulfillment optimization"])

    @sourcing.post("/explain")
    def explain(
        request: ExplainRequest, principal: CurrentPrincipal, session: ReadSession, now: Now
    ) -> SourcingExplanation:
        """Plan an order again as of now, and say what would make each losing source win."""
        principal.require("sourcing.read")
        found = what_if(session, order_port, request.order_id, strategy=request.strategy, now=now)
        return explained(found, request.order_id, now, request.candidates)

    @sourcing.get("/shadow-prices")
    def shadow_prices(
        principal: CurrentPrincipal,
        session: ReadSession,
        plan: Annotated[
            UUID | None, Query(description="Empty is the newest batch that left prices")
        ] = None,
        source: str = "",
        product: str = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> ShadowPrices:
        """Return what stock and capacity were worth to a batch, highest first."""
        principal.require("sourcing.read")
        head = plan_with_prices(session, plan)
        rows = prices_of_plan(session, head.id, source=source, product=product, limit=limit)
        items = [ShadowPriceRow.model_validate(row, from_attributes=True) for row in rows]
        return ShadowPrices(
            plan_id=head.id,
            strategy=head.strategy,
            planned_at=head.planned_at,
            currency=head.currency,
            total=rows[0].total if rows else 0,
            items=items,
        )

    router.include_router(sourcing)
    return router


def explained(found: WhatIf, order_id: UUID, now: datetime, most: int) -> SourcingExplanation:
    """Return the explanation for people: sources by name, changes in words."""
    lines: list[ExplainedLine] = []
    explanations: list[LineExplanation] = []
    for order in range(found.plan.problem.orders):
        explanations += found.plan.explain(order).lines

    for explanation, sourced in zip(explanations, found.lines, strict=True):
        lines.append(_line(found, explanation, sourced, most))

    return SourcingExplanation(
        order_id=order_id,
        planned_at=now,
        strategy=found.config.name,
        cost=round_cost(sum(found.money.values())),
        currency=found.config.currency,
        parts={name: round_cost(money) for name, money in found.money.items()},
        lines=lines,
    )


def _line(
    found: WhatIf, explanation: LineExplanation, sourced: SourcedLine, most: int
) -> ExplainedLine:
    names = found.config.names
    node = int(found.plan.node[explanation.line])
    size = float(found.unit_sizes[explanation.line])
    ways = _ways_by_node(found, explanation.line)

    candidates: list[ExplainedCandidate] = []
    for candidate in explanation.candidates[:most]:
        candidates.append(_candidate(candidate, names, size, ways.get(candidate.node, [])))

    return ExplainedLine(
        line_id=sourced.line.line_id,
        product=sourced.line.product,
        quantity=plain_number(sourced.line.units(sourced.line.quantity)),
        assigned=sourced.assigned,
        source=names[node] if node >= 0 else "",
        considered=len(explanation.candidates),
        candidates=candidates,
    )


def _ways_by_node(found: WhatIf, line: int) -> dict[int, list[WhatIfRow]]:
    """Return what would make each losing source of a line win, by its node."""
    rank_step = _rank_step(found)
    size = float(found.unit_sizes[line])

    ways: dict[int, list[WhatIfRow]] = {}
    for counterfactual in found.counterfactuals:
        if counterfactual.line == line:
            way = _way(counterfactual, rank_step, size, found.config.currency)
            ways.setdefault(counterfactual.node, []).append(way)

    return ways


def _candidate(
    candidate: SourceCandidate, names: Sequence[str], unit_size: float, wins_with: list[WhatIfRow]
) -> ExplainedCandidate:
    """Return a candidate; `unit_size` are the stock units in one unit of the plan."""
    cost: dict[str, float] = {}
    for part, money in {**candidate.parcel, **candidate.serve}.items():
        if part != RANKING:
            cost[part] = round_cost(money)

    return ExplainedCandidate(
        source=names[candidate.node],
        chosen=candidate.quantity > 0,
        quantity=_in_stock_units(candidate.quantity, unit_size),
        on_hand=_in_stock_units(candidate.on_hand, unit_size),
        cost=cost,
        total=round_cost(sum(cost.values())),
        refused=refusal_text(candidate.refusal),
        wins_with=wins_with,
    )


def _in_stock_units(units: float, unit_size: float) -> int | float:
    return plain_number(round(units * unit_size, MAX_DECIMALS))


def _way(found: Counterfactual, rank_step: float, unit_size: float, currency: str) -> WhatIfRow:
    changes = [_change_row(change, rank_step, unit_size) for change in found.changes]
    texts: list[str] = []
    for change in changes:
        text = CHANGE_TEXTS[change.kind].format(
            change.amount, money=amount_text(change.amount, currency), currency=currency
        )
        texts.append(text.replace("  ", " "))
    return WhatIfRow(
        changes=changes, single=found.single, verified=found.verified, text=" and ".join(texts)
    )


def _change_row(change: Change, rank_step: float, unit_size: float) -> ChangeRow:
    """Return the change; money that would outweigh a rank is a better rank instead."""
    if change.kind == "units":
        return ChangeRow(kind=change.kind, amount=_in_stock_units(change.amount, unit_size))
    if change.kind == "money" and rank_step and change.amount >= rank_step:
        return ChangeRow(kind="priority", amount=1.0)
    return ChangeRow(kind=change.kind, amount=change.amount)


def _rank_step(found: WhatIf) -> float:
    """Return half the weight of one rank of a hard location priority; 0 without one."""
    ranks = found.plan.problem.serve_parts.get(RANKING)
    if ranks is None:
        return 0.0
    steps = np.unique(ranks)
    return float(np.diff(steps).min()) / 2 if len(steps) > 1 else 0.0
