"""The actions that flows call to source orders."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from openiom.provider_contract import Action, ActionCall, NoParameters, Outcome

from .assigned_sources import CHECKED, NOT_FOUND, process_assigned, process_mode, reserve_assigned
from .documents import ProcessMode
from .order_port import OrderPort
from .service import FAILED, SUCCEEDED, source_orders


class SourceParameters(BaseModel):
    """Parameters of `fulfillment_optimization.source`."""

    model_config = ConfigDict(extra="forbid")

    strategy: str = Field(
        "", description="Strategy of orders that name none; empty is the default one"
    )


class ProcessParameters(BaseModel):
    """Parameters of `fulfillment_optimization.process`."""

    model_config = ConfigDict(extra="forbid")

    mode: ProcessMode | None = Field(None, description="Empty is the order handling preference")


def sourcing_actions(order_port: OrderPort) -> tuple[Action, ...]:
    """Return the actions of this package over the orders of `order_port`."""

    def source(call: ActionCall) -> Sequence[Outcome]:
        assert isinstance(call.parameters, SourceParameters)
        return source_orders(
            call.session,
            order_port,
            call.subject_ids,
            strategy_name=call.parameters.strategy,
            now=call.now,
            actor=call.actor,
            resumed=call.resumed,
        )

    def process(call: ActionCall) -> Sequence[Outcome]:
        assert isinstance(call.parameters, ProcessParameters)
        mode = call.parameters.mode or process_mode(call.session)
        return process_assigned(
            call.session, order_port, call.subject_ids, mode=mode, now=call.now, actor=call.actor
        )

    def reserve_at_assigned(call: ActionCall) -> Sequence[Outcome]:
        return reserve_assigned(call.session, order_port, call.subject_ids, call.now, call.actor)

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
            reserve_at_assigned,
            (CHECKED, NOT_FOUND),
        ),
        Action(
            "fulfillment_optimization.process",
            "Send fulfillment process request",
            "order",
            ProcessParameters,
            process,
            (CHECKED, NOT_FOUND),
        ),
    )
