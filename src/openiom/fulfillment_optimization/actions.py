"""What a flow may ask of the optimizer."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from openiom.provider_contract import Action, ActionCall, NoParameters, Outcome

from .assigned_sources import CHECKED, NOT_FOUND, process_assigned, process_mode, reserve_assigned
from .documents import ProcessMode
from .order_port import OrderPort
from .service import FAILED, SUCCEEDED, source_orders


class SourceParameters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    strategy: str = Field(
        "", description="Strategy of orders that name none; empty is the default one"
    )


class ProcessParameters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    mode: ProcessMode | None = Field(None, description="Empty is the order handling preference")


def sourcing_actions(order_port: OrderPort) -> tuple[Action, ...]:
    """The room's actions, working on the orders behind `desk`."""

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
            lambda call: reserve_assigned(
                call.session, order_port, call.subject_ids, call.now, call.actor
            ),
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
