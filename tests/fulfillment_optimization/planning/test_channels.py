"""Sourcing takes for a channel what is kept for it, and leaves to the others what is theirs."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import pytest
from tests.fulfillment_optimization.sourcing_setup import SourcingSetup
from tests.orders.builders import NOW, line, placed

from openiom.inventory_visibility import (
    KINDS,
    AllocationOperation,
    apply_allocations,
    inventory_configuration,
)
from openiom.platform.configuration import Configuration


def allocated(sourcing: SourcingSetup, source: str, quantity: int, *groups: str) -> None:
    act = AllocationOperation(
        "allocate", f"{source}{groups}", "", "LAMP", source, groups, Decimal(quantity)
    )
    with sourcing.database.unit_of_work() as session:
        configuration = inventory_configuration(session)
        (done,) = apply_allocations(
            session, [act], configuration=configuration, now=NOW, actor="test"
        )

    assert done.ok, done.reason


def order(sourcing: SourcingSetup, number: str, channel: str, units: int, group: str = "") -> UUID:
    more = {"ship_to": {"country": "US", "latitude": 0.0, "longitude": 0.0}, "origin": channel}
    customer = {"name": "R", "email": "r@example.com", "group": group}
    return placed(
        sourcing.database, line("LAMP", units), external_id=number, customer=customer, **more
    )


def pools(sourcing: SourcingSetup) -> dict[tuple[str, ...], tuple[int, int]]:
    rows = sourcing.rows(
        "SELECT groups, allocated::int, consumed::int FROM inventory_visibility.allocation"
    )
    return {tuple(groups): (units, consumed) for groups, units, consumed in rows}


def served(sourcing: SourcingSetup, orders: Sequence[UUID]) -> list[str | None]:
    return [sourcing.sources(o)["LAMP"] for o in orders]


def test_orders_of_several_channels_in_one_batch_use_the_stock_of_their_channel(
    sourcing: SourcingSetup,
) -> None:
    sourcing.stock(LAMP_A=10, LAMP_B=10)
    allocated(sourcing, "A", 8, "web")
    allocated(sourcing, "B", 3, "store", "vip")
    orders = [
        order(sourcing, "1", "web", 8),
        order(sourcing, "2", "store", 4),
        order(sourcing, "3", "store", 3, "vip"),
        order(sourcing, "4", "mail", 3),
    ]
    outcomes = sourcing.source(*orders)
    assert [o.ok for o in outcomes] == [True] * 4
    assert served(sourcing, orders) == ["A", "B", "B", "B"]
    assert pools(sourcing) == {("web",): (0, 8), ("store", "vip"): (0, 3)}
    (late,) = sourcing.source(order(sourcing, "5", "mail", 3))
    assert not late.ok


def test_an_order_without_a_channel_does_not_get_stock_allocated_to_another(
    sourcing: SourcingSetup,
) -> None:
    sourcing.stock(LAMP_A=5)
    allocated(sourcing, "A", 4, "web")
    mail, web = order(sourcing, "1", "mail", 2), order(sourcing, "2", "web", 5)
    outcomes = sourcing.source(mail, web)
    assert [o.ok for o in outcomes] == [False, True]
    assert pools(sourcing) == {("web",): (0, 4)}


@pytest.mark.parametrize(("channel", "source"), [("outlet", "B"), ("web", "A")])
def test_a_buffer_sends_its_channel_elsewhere(
    sourcing: SourcingSetup, channel: str, source: str
) -> None:
    configuration = Configuration()
    configuration.register(*KINDS)

    body = {
        "title": "Keep A for others",
        "sources": ["A"],
        "buffers": {"outlet": {"percent": "60"}},
    }
    with sourcing.database.unit_of_work() as session:
        configuration.apply(
            session, [{"kind": "stock_policy", "name": "p", "body": body}], at=NOW, actor="test"
        )

    sourcing.stock(LAMP_A=5, LAMP_B=5)
    one = order(sourcing, "1", channel, 3)
    assert sourcing.source(one)[0].ok
    assert served(sourcing, [one]) == [source]
