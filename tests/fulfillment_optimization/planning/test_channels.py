"""Sourcing takes for a channel what is kept for it, and leaves to the others what is theirs."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import pytest
from tests.fulfillment_optimization.house import House
from tests.orders.builders import (NOW, line, placed)

from openiom.inventory_visibility import KINDS, inventory_configuration
from openiom.inventory_visibility.allocation import AllocationAct, allocate_acts
from openiom.platform.configuration import Configuration


def allocated(house: House, source: str, quantity: int, *groups: str) -> None:
    act = AllocationAct(
        "allocate", f"{source}{groups}", "", "LAMP", source, groups, Decimal(quantity)
    )
    with house.database.unit_of_work() as session:
        configuration = inventory_configuration(session)
        (done,) = allocate_acts(session, [act], configuration=configuration, now=NOW, actor="test")
    assert done.ok, done.reason


def order(house: House, number: str, channel: str, units: int, group: str = "") -> UUID:
    more = {"ship_to": {"country": "US", "latitude": 0.0, "longitude": 0.0}, "origin": channel}
    customer = {"name": "R", "email": "r@example.com", "group": group}
    return placed(
        house.database, line("LAMP", units), external_id=number, customer=customer, **more
    )


def pools(house: House) -> dict[tuple[str, ...], tuple[int, int]]:
    rows = house.rows(
        "SELECT groups, allocated::int, consumed::int FROM inventory_visibility.allocation"
    )
    return {tuple(groups): (units, consumed) for groups, units, consumed in rows}


def served(house: House, orders: Sequence[UUID]) -> list[str | None]:
    return [house.sources(o)["LAMP"] for o in orders]


def test_orders_of_several_channels_are_sourced_in_one_wave_each_from_what_it_may_have(
    house: House,
) -> None:
    house.stock(LAMP_A=10, LAMP_B=10)
    allocated(house, "A", 8, "web")
    allocated(house, "B", 3, "store", "vip")
    orders = [
        order(house, "1", "web", 8),
        order(house, "2", "store", 4),
        order(house, "3", "store", 3, "vip"),
        order(house, "4", "mail", 3),
    ]
    outcomes = house.source(*orders)
    assert [o.ok for o in outcomes] == [True] * 4
    assert served(house, orders) == ["A", "B", "B", "B"]
    assert pools(house) == {("web",): (0, 8), ("store", "vip"): (0, 3)}
    (late,) = house.source(order(house, "5", "mail", 3))
    assert not late.ok


def test_an_order_without_a_channel_of_its_own_never_gets_what_is_kept_for_another(
    house: House,
) -> None:
    house.stock(LAMP_A=5)
    allocated(house, "A", 4, "web")
    mail, web = order(house, "1", "mail", 2), order(house, "2", "web", 5)
    outcomes = house.source(mail, web)
    assert [o.ok for o in outcomes] == [False, True]
    assert pools(house) == {("web",): (0, 4)}


@pytest.mark.parametrize(("channel", "source"), [("outlet", "B"), ("web", "A")])
def test_a_buffer_sends_its_channel_elsewhere(house: House, channel: str, source: str) -> None:
    configuration = Configuration()
    configuration.register(*KINDS)
    body = {
        "title": "Keep A for others",
        "sources": ["A"],
        "buffers": {"outlet": {"percent": "60"}},
    }
    with house.database.unit_of_work() as session:
        configuration.apply(
            session, [{"kind": "stock_policy", "name": "p", "body": body}], at=NOW, actor="test"
        )
    house.stock(LAMP_A=5, LAMP_B=5)
    one = order(house, "1", channel, 3)
    assert house.source(one)[0].ok
    assert served(house, [one]) == [source]
