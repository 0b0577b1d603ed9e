"""What a flow may ask of the optimizer."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from openiom.inventory_visibility import ReserveAsk, release, reserve
from openiom.provider_contract import Action, ActionCall, NoParameters, Outcome, Raise

from .desk import OrderDesk
from .service import FAILED, SUCCEEDED, source_orders

CHECKED, NOT_FOUND = "onhand.check.succeeded", "onhand.check.failed"


class SourceParameters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    strategy: str = Field("", description="Strategy to use; empty is the default one")


def sourcing_actions(desk: OrderDesk) -> tuple[Action, ...]:
    """The room's actions, working on the orders behind `desk`."""

    def source(call: ActionCall) -> Sequence[Outcome]:
        assert isinstance(call.parameters, SourceParameters)
        return source_orders(
            call.session,
            desk,
            call.subject_ids,
            strategy_name=call.parameters.strategy,
            now=call.now,
            actor=call.actor,
            woken=call.woken,
        )

    return (
        Action(
            "fulfillment_optimization.source",
            "Source and reserve",
            "order",
            SourceParameters,
            source,
            (SUCCEEDED, FAILED),
        ),
        Action(
            "fulfillment_optimization.reserve_assigned",
            "Reserve at the assigned source",
            "order",
            NoParameters,
            lambda call: reserve_assigned(call, desk),
            (CHECKED, NOT_FOUND),
        ),
    )


def reserve_assigned(call: ActionCall, desk: OrderDesk) -> list[Outcome]:
    """Soft-reserve every open line at the source a policy or a person assigned; all lines of an order or none."""
    lines = desk.open_lines(call.session, call.subject_ids)
    assigned = [line for line in lines if line.source]
    asks = [ReserveAsk(x.line_id, x.product, x.source, x.quantity) for x in assigned]
    granted = reserve(call.session, asks, call.now, call.actor)
    short = {x.order_id: x for x, ok in zip(assigned, granted, strict=True) if not ok}
    unassigned = {x.order_id: x for x in lines if not x.source}
    failing = short.keys() | unassigned.keys()
    back = [x.line_id for x, ok in zip(assigned, granted, strict=True) if ok and x.order_id in failing]
    release(call.session, back, call.now, call.actor, "not all lines on hand")
    outcomes = []
    known = {line.order_id for line in lines}
    for order in call.subject_ids:
        if order in unassigned:
            outcomes.append(Outcome(False, f"no source was assigned to {unassigned[order].product}"))
        elif order in short:
            outcomes.append(Outcome(False, f"{short[order].source} cannot cover {short[order].product}"))
        elif order not in known:
            outcomes.append(Outcome(False, "the order has no open line"))
        else:
            outcomes.append(Outcome(True, "stock reserved at the assigned source"))
    events = [
        Raise(order, CHECKED if outcome.ok else NOT_FOUND, reason=outcome.reason)
        for order, outcome in zip(call.subject_ids, outcomes, strict=True)
    ]
    answers = desk.raise_events(call.session, events, call.now, call.actor)
    return [mine if theirs.ok else theirs for mine, theirs in zip(outcomes, answers, strict=True)]
