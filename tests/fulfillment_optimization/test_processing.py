"""The fulfillment process request in its three modes, as the order handling preference has it."""

import pytest
from tests.fulfillment_optimization.house import House
from tests.orders.builders import (NOW, state_of, event_names)

from openiom.fulfillment_optimization import sourcing_actions
from openiom.fulfillment_optimization.actions import ProcessParameters
from openiom.kernel import Invalid
from openiom.orders import set_order_fields
from openiom.provider_contract import ActionCall, Outcome


def assigned(house: House, number: str, source: str = "A", **units: int):
    """An order whose source a policy chose."""
    order = house.order(number, **units)
    if source:
        with house.database.unit_of_work() as session:
            set_order_fields(session, {order: {"source": source}}, NOW, "policy:west")
    return order


def process(house: House, *orders, mode=None) -> list[Outcome]:
    action = next(
        a
        for a in sourcing_actions(house.order_port)
        if a.name == "fulfillment_optimization.process"
    )
    with house.database.unit_of_work() as session:
        outcomes = action.run(
            ActionCall(session, orders, ProcessParameters(mode=mode), NOW, "flow:test")
        )
    house.check()
    return list(outcomes)


def fulfillment_orders(house: House, order) -> list[str]:
    return [
        s
        for (s,) in house.rows(
            "SELECT source FROM fulfillment.fulfillment_order WHERE order_id = %s", order
        )
    ]


def test_the_check_alone_reserves_and_makes_no_fulfillment_order(house: House) -> None:
    house.stock(LAMP_A=1)
    good, short = assigned(house, "1", LAMP=1), assigned(house, "2", LAMP=1)
    assert [o.ok for o in process(house, good, short)] == [True, False]
    assert house.reserved(good) == [("LAMP", "A", 1)]
    assert house.reserved(short) == []
    assert fulfillment_orders(house, good) == []
    assert event_names(house.database, good)[-1] == "onhand.check.succeeded"
    assert event_names(house.database, short)[-1] == "onhand.check.failed"


def test_without_a_check_fulfillment_orders_are_made_whatever_stands_there(house: House) -> None:
    house.configure("order_handling", "default", fulfillment_process="fulfillment_order")
    order, unassigned = assigned(house, "1", LAMP=5), assigned(house, "2", source="", LAMP=1)
    outcomes = process(house, order, unassigned)
    assert [o.ok for o in outcomes] == [True, False]
    assert outcomes[1].reason == "no source was assigned to LAMP"
    assert fulfillment_orders(house, order) == ["A"]
    assert house.reserved(order) == []
    assert not any(name.startswith("onhand.check") for name in event_names(house.database, order))


def test_check_and_release_makes_fulfillment_orders_only_where_there_is_stock(house: House) -> None:
    house.configure("order_handling", "default", fulfillment_process="check_and_fulfillment_order")
    house.stock(LAMP_A=1)
    good, short = assigned(house, "1", LAMP=1), assigned(house, "2", LAMP=1)
    assert [o.ok for o in process(house, good, short)] == [True, False]
    assert fulfillment_orders(house, good) == ["A"]
    assert fulfillment_orders(house, short) == []
    assert state_of(house.database, short)[0] == "on_hold"


def test_a_step_may_ask_for_another_mode_than_the_preference(house: House) -> None:
    house.configure("order_handling", "default", fulfillment_process="check_and_fulfillment_order")
    house.stock(LAMP_A=1)
    order = assigned(house, "1", LAMP=1)
    assert process(house, order, mode="check")[0].ok
    assert fulfillment_orders(house, order) == []


def test_there_is_one_preference(house: House) -> None:
    with pytest.raises(Invalid):
        house.configure("order_handling", "another", fulfillment_process="check")
