"""The fulfillment process request in its three modes, as the order handling preference has it."""

import pytest
from tests.fulfillment_optimization.sourcing_setup import SourcingSetup
from tests.orders.builders import NOW, event_names, state_of

from openiom.fulfillment_optimization import sourcing_actions
from openiom.fulfillment_optimization.actions import ProcessParameters
from openiom.kernel import Invalid
from openiom.orders import set_order_fields
from openiom.provider_contract import ActionCall, Outcome


def assigned(sourcing: SourcingSetup, number: str, source: str = "A", **units: int):
    """An order whose source a policy chose."""
    order = sourcing.order(number, **units)
    if source:
        with sourcing.database.unit_of_work() as session:
            set_order_fields(session, {order: {"source": source}}, NOW, "policy:west")
    return order


def process(sourcing: SourcingSetup, *orders, mode=None) -> list[Outcome]:
    action = next(
        a
        for a in sourcing_actions(sourcing.order_port)
        if a.name == "fulfillment_optimization.process"
    )
    with sourcing.database.unit_of_work() as session:
        outcomes = action.run(
            ActionCall(session, orders, ProcessParameters(mode=mode), NOW, "flow:test")
        )

    sourcing.check()
    return list(outcomes)


def fulfillment_orders(sourcing: SourcingSetup, order) -> list[str]:
    return [
        s
        for (s,) in sourcing.rows(
            "SELECT source FROM fulfillment.fulfillment_order WHERE order_id = %s", order
        )
    ]


def test_the_check_alone_reserves_and_creates_no_fulfillment_order(sourcing: SourcingSetup) -> None:
    sourcing.stock(LAMP_A=1)
    good, short = assigned(sourcing, "1", LAMP=1), assigned(sourcing, "2", LAMP=1)
    assert [o.ok for o in process(sourcing, good, short)] == [True, False]
    assert sourcing.reserved(good) == [("LAMP", "A", 1)]
    assert sourcing.reserved(short) == []
    assert fulfillment_orders(sourcing, good) == []
    assert event_names(sourcing.database, good)[-1] == "onhand.check.succeeded"
    assert event_names(sourcing.database, short)[-1] == "onhand.check.failed"


def test_without_a_check_fulfillment_orders_are_created_whatever_is_on_hand(
    sourcing: SourcingSetup,
) -> None:
    sourcing.configure("order_handling", "default", fulfillment_process="fulfillment_order")
    order, unassigned = assigned(sourcing, "1", LAMP=5), assigned(sourcing, "2", source="", LAMP=1)
    outcomes = process(sourcing, order, unassigned)
    assert [o.ok for o in outcomes] == [True, False]
    assert outcomes[1].reason == "no source was assigned to LAMP"
    assert fulfillment_orders(sourcing, order) == ["A"]
    assert sourcing.reserved(order) == []
    assert not any(
        name.startswith("onhand.check") for name in event_names(sourcing.database, order)
    )


def test_check_and_release_creates_fulfillment_orders_only_with_stock(
    sourcing: SourcingSetup,
) -> None:
    sourcing.configure(
        "order_handling", "default", fulfillment_process="check_and_fulfillment_order"
    )
    sourcing.stock(LAMP_A=1)
    good, short = assigned(sourcing, "1", LAMP=1), assigned(sourcing, "2", LAMP=1)
    assert [o.ok for o in process(sourcing, good, short)] == [True, False]
    assert fulfillment_orders(sourcing, good) == ["A"]
    assert fulfillment_orders(sourcing, short) == []
    assert state_of(sourcing.database, short)[0] == "on_hold"


def test_a_step_may_override_the_preference(sourcing: SourcingSetup) -> None:
    sourcing.configure(
        "order_handling", "default", fulfillment_process="check_and_fulfillment_order"
    )
    sourcing.stock(LAMP_A=1)
    order = assigned(sourcing, "1", LAMP=1)
    assert process(sourcing, order, mode="check")[0].ok
    assert fulfillment_orders(sourcing, order) == []


def test_there_is_one_preference(sourcing: SourcingSetup) -> None:
    with pytest.raises(Invalid):
        sourcing.configure("order_handling", "another", fulfillment_process="check")
