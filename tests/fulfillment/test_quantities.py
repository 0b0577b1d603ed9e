"""Quantities from the store to the 3PL: exact in the unit of the line, reserved in stock units."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.fulfillment.quantity_setup import QuantitySetup, apply, flour, lamp, total
from tests.orders.builders import facts

from openiom.kernel import new_id
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

WHOLE = {"size": "", "color": "", "style": "", "configuration": ""}


@pytest.fixture
def shop(database: Database) -> QuantitySetup:
    return QuantitySetup.on(database)


def test_a_box_waits_while_there_are_fewer_pieces_than_it_holds(shop: QuantitySetup) -> None:
    shop.stock("LAMP", "A", "9")
    order = shop.order("1", lamp(1, "box"))

    assert shop.source(order)[0].ok is False

    assert shop.lines(order) == [(1, "box", None)]
    assert shop.sourcing.reserved(order) == []
    assert shop.stock_rows("LAMP") == [("A", "", Decimal(9), Decimal(0))]


def test_a_box_takes_twelve_pieces_and_is_sent_as_one_box(shop: QuantitySetup) -> None:
    shop.stock("LAMP", "A", "100")
    order = shop.order("1", lamp(1, "box"))

    assert shop.source(order)[0].ok
    assert shop.sourcing.reserved(order) == [("LAMP", "A", 12)]
    (found,) = shop.fulfill(order)

    (one,) = found["lines"]
    assert (one["quantity"], one["unit"], one["shipped"]) == (1, "box", 0)
    assert shop.payload(found) == [{"sku": "LAMP", "quantity": 1, "unit": "box", "variant": WHOLE}]
    assert shop.ship(found, "P1", 1).ok
    assert shop.stock_rows("LAMP") == [("A", "", Decimal(88), Decimal(0))]
    assert shop.counters(order) == [(1, 0, 1, 0)]


def test_declined_boxes_return_their_pieces(shop: QuantitySetup) -> None:
    shop.stock("LAMP", "A", "30")
    order = shop.order("1", lamp(2, "box"))
    shop.source(order)
    (found,) = shop.fulfill(order)
    assert shop.ship(found, "P1", 1).ok
    assert shop.stock_rows("LAMP") == [("A", "", Decimal(18), Decimal(12))]

    shop.end(found)

    assert shop.stock_rows("LAMP") == [("A", "", Decimal(18), Decimal(0))]
    assert shop.counters(order) == [(2, 0, 1, 0)]


def test_part_of_a_carton_is_sourced_from_two_sources_and_shipped_in_part(
    shop: QuantitySetup,
) -> None:
    shop.sourcing.strategy(is_default=True, max_line_sources=2)
    shop.stock("LAMP", "A", "100")
    shop.stock("LAMP", "B", "25")
    order = shop.order("1", lamp("1.25", "carton"))

    assert shop.source(order)[0].ok
    assert shop.lines(order) == [(1, "carton", "A"), (0.25, "carton", "B")]
    assert shop.sourcing.reserved(order) == [("LAMP", "A", 100), ("LAMP", "B", 25)]

    first, second = shop.fulfill(order)
    assert [one["quantity"] for one in shop.payload(first) + shop.payload(second)] == [1, 0.25]
    assert shop.ship(first, "P1", 0.75).ok
    assert shop.stock_rows("LAMP")[0] == ("A", "", Decimal(25), Decimal(25))

    for found in (first, second):
        shop.end(found)

    assert shop.counters(order) == [(1, 0, 0.75, 0), (0.25, 0, 0, 0)]

    assert shop.cancel(order, 0).details == {"quantity": 0.25}
    assert shop.cancel(order, 1, "0.24").reason == "0.24 canceled"
    assert shop.cancel(order, 1, "0.02").reason == "0.01 units left to cancel, 0.02 requested"
    assert shop.cancel(order, 1).ok
    assert shop.counters(order) == [(1, 0, 0.75, 0.25), (0.25, 0, 0, 0.25)]


def test_parts_of_a_line_are_whole_boxes(shop: QuantitySetup) -> None:
    shop.sourcing.strategy(is_default=True, max_line_sources=3)
    shop.stock("LAMP", "A", "20")
    shop.stock("LAMP", "B", "35")
    order = shop.order("1", lamp(3, "box"))

    assert shop.source(order)[0].ok

    assert sorted(shop.lines(order)) == [(1, "box", "A"), (2, "box", "B")]
    assert shop.sourcing.reserved(order) == [("LAMP", "A", 12), ("LAMP", "B", 24)]


def test_a_box_is_not_divided_beside_a_line_of_pieces(shop: QuantitySetup) -> None:
    shop.sourcing.strategy(is_default=True, max_line_sources=3, allow_partial=True)
    shop.stock("LAMP", "A", "20")
    shop.stock("LAMP", "B", "20")
    order = shop.order("1", lamp(3, "box", external_id="x"), lamp(25, external_id="y"))

    shop.source(order)

    boxes = [one for one in shop.lines(order) if one[1] == "box"]
    pieces = [one for one in shop.lines(order) if one[1] == "ea"]
    assert boxes == [(3, "box", None)]
    assert total(pieces, 0) == 25
    assert {one[2] for one in pieces} == {"A", "B"}


def test_a_parcel_finer_than_the_unit_is_refused(shop: QuantitySetup) -> None:
    shop.stock("LAMP", "A", "100")
    order = shop.order("1", lamp(2, "box"))
    shop.source(order)
    (found,) = shop.fulfill(order)

    refused = shop.ship(found, "P1", 0.5)

    assert (refused.ok, refused.where) == (False, "shipment.items[0].quantity")
    assert refused.error == "the quantity 0.5 is too fine: box allows whole numbers only"
    assert shop.counters(order) == [(2, 2, 0, 0)]


def test_a_parcel_of_more_than_is_left_names_the_decimals(shop: QuantitySetup) -> None:
    shop.stock("LAMP", "A", "125")
    order = shop.order("1", lamp("1.25", "carton"))
    shop.source(order)
    (found,) = shop.fulfill(order)

    refused = shop.ship(found, "P1", 1.26)

    assert refused.error == "1.25 units of LAMP are left to ship, not 1.26"


def test_kilograms_of_a_piece_product_are_refused(shop: QuantitySetup) -> None:
    refused = shop.receive("1", lamp(1, "kg"))

    assert (refused.ok, refused.where) == (False, "lines[0].unit")
    assert refused.error == ("LAMP is kept in ea: kg (mass) does not convert into ea (piece)")
    assert refused.remedy.startswith("order it in ea or a unit that converts into it")
    assert refused.needs == (("unit", "kg"), ("unit", "ea"), ("product", "LAMP"))


def test_half_of_a_whole_unit_is_refused(shop: QuantitySetup) -> None:
    refused = shop.receive("1", lamp(1), lamp("0.5", external_id="half"))

    assert (refused.ok, refused.where) == (False, "lines[1].quantity")
    assert refused.error == "the quantity 0.5 is too fine: ea allows whole numbers only"
    assert refused.remedy == "round the quantity, or allow more decimals for the unit"


def test_pieces_of_a_kilogram_product_are_refused(shop: QuantitySetup) -> None:
    refused = shop.receive("1", flour(1, "ea"))

    assert (refused.ok, refused.where) == (False, "lines[0].unit")
    assert refused.error == "FLOUR is kept in kg: ea (piece) does not convert into kg (mass)"


def test_a_line_of_more_than_any_stock_is_refused(shop: QuantitySetup) -> None:
    refused = shop.receive("1", lamp(10_000_000, "shipload"))

    assert (refused.ok, refused.where) == (False, "lines[0].quantity")
    assert refused.error == "10000000 shipload are more than any stock of LAMP"
    assert shop.receive("1", lamp(9_999_999, "shipload")).ok


def test_tons_of_a_kilogram_product_take_kilograms(shop: QuantitySetup) -> None:
    shop.stock("FLOUR", "A", "1300")
    order = shop.order("1", flour("1.250", "t"))

    assert shop.source(order)[0].ok
    (found,) = shop.fulfill(order)

    assert shop.payload(found) == [
        {"sku": "FLOUR", "quantity": 1.25, "unit": "t", "variant": WHOLE}
    ]
    assert shop.stock_rows("FLOUR") == [("A", "", Decimal(1300), Decimal(1250))]
    assert shop.ship(found, "P1", 0.75).ok
    assert shop.stock_rows("FLOUR") == [("A", "", Decimal(550), Decimal(500))]
    shop.end(found)
    assert shop.cancel(order, 0).reason == "0.5 canceled"
    assert shop.counters(order) == [(1.25, 0, 0.75, 0.5)]
    assert shop.stock_rows("FLOUR") == [("A", "", Decimal(550), Decimal(0))]


def test_kilograms_are_sourced_from_two_sources_and_shipped_in_part(shop: QuantitySetup) -> None:
    shop.sourcing.strategy(is_default=True, max_line_sources=2)
    shop.stock("FLOUR", "A", "1.000")
    shop.stock("FLOUR", "B", "0.25")
    order = shop.order("1", flour("1.250"))

    assert shop.source(order)[0].ok
    assert shop.lines(order) == [(1, "kg", "A"), (0.25, "kg", "B")]
    assert shop.sourcing.reserved(order) == [("FLOUR", "A", 1), ("FLOUR", "B", Decimal("0.25"))]

    first, second = shop.fulfill(order)
    payload = shop.payload(first) + shop.payload(second)
    assert [(one["quantity"], one["unit"]) for one in payload] == [(1, "kg"), (0.25, "kg")]
    assert shop.ship(first, "P1", 0.75).ok
    assert shop.stock_rows("FLOUR") == [
        ("A", "", Decimal("0.25"), Decimal("0.25")),
        ("B", "", Decimal("0.25"), Decimal("0.25")),
    ]
    shop.end(first)
    shop.end(second)
    assert shop.cancel(order, 0).reason == "0.25 canceled"
    assert shop.cancel(order, 1).reason == "0.25 canceled"
    assert shop.counters(order) == [(1, 0, 0.75, 0.25), (0.25, 0, 0, 0.25)]
    assert shop.stock_rows("FLOUR") == [
        ("A", "", Decimal("0.25"), Decimal(0)),
        ("B", "", Decimal("0.25"), Decimal(0)),
    ]


def test_grams_of_a_kilogram_product_take_thousandths(shop: QuantitySetup) -> None:
    shop.stock("FLOUR", "A", "0.249")
    order = shop.order("1", flour(250, "g"))
    assert shop.source(order)[0].ok is False

    shop.stock("FLOUR", "A", "0.25")
    assert shop.source(order)[0].ok
    assert shop.sourcing.reserved(order) == [("FLOUR", "A", Decimal("0.25"))]
    (found,) = shop.fulfill(order)

    assert shop.payload(found) == [{"sku": "FLOUR", "quantity": 250, "unit": "g", "variant": WHOLE}]
    assert shop.ship(found, "P1", 250).ok
    assert shop.stock_rows("FLOUR") == [("A", "", Decimal(0), Decimal(0))]


def test_grams_and_kilograms_of_one_product_share_its_stock(shop: QuantitySetup) -> None:
    shop.stock("FLOUR", "A", "1.3")
    both = shop.order("1", flour("1.05", external_id="x"), flour(250, "g", external_id="y"))
    late = shop.order("2", flour(1, "g"))

    assert shop.source(both)[0].ok
    assert shop.source(late)[0].ok is False

    assert shop.lines(both) == [(1.05, "kg", "A"), (250, "g", "A")]
    assert shop.stock_rows("FLOUR") == [("A", "", Decimal("1.3"), Decimal("1.3"))]


def test_the_variant_of_a_line_reaches_the_fulfiller_and_the_parcel(shop: QuantitySetup) -> None:
    shop.stock("LAMP", "A", "100")
    order = shop.order("1", lamp(2, variant={"size": "M", "color": " Red "}), lamp(1))
    variant = {**WHOLE, "size": "M", "color": "Red"}
    assert [one["variant"] for one in facts(shop.database, order)["lines"]] == [variant, WHOLE]

    shop.source(order)
    (found,) = shop.fulfill(order)
    assert [one["variant"] for one in shop.payload(found)] == [variant, WHOLE]
    assert shop.ship(found, "P1", 1).ok

    with shop.database.reading() as session:
        query = "SELECT unit, unit_decimals, quantity, variant FROM fulfillment.shipment_line"
        assert fetch(session, query) == [("ea", 0, 1, {"size": "M", "color": "Red"})]


def test_a_split_line_keeps_its_unit_and_variant(shop: QuantitySetup) -> None:
    shop.sourcing.strategy(is_default=True, max_line_sources=2)
    shop.stock("LAMP", "A", "60")
    shop.stock("LAMP", "B", "65")
    order = shop.order("1", lamp("1.25", "carton", variant={"style": "Slim"}))

    assert shop.source(order)[0].ok

    assert sorted(shop.lines(order)) == [(0.6, "carton", "A"), (0.65, "carton", "B")]
    found = facts(shop.database, order)["lines"]
    assert [one["variant"]["style"] for one in found] == ["Slim", "Slim"]


def test_a_repeated_delivery_with_the_same_decimals_changes_no_line(shop: QuantitySetup) -> None:
    first = lamp("1.250", "carton", variant={"size": "M"})
    order = shop.order("1", first)

    assert shop.receive("1", lamp(1.25, "carton", variant={"size": "M"}), note="call first").ok
    assert shop.modified(order) == [{"changed": ["note"], "not_applied": []}]

    assert shop.receive("1", lamp(1.26, "carton", variant={"size": "M"})).ok
    assert shop.modified(order)[0]["changed"] == ["note", "lines"]


def test_the_price_of_a_line_is_rounded_to_the_currency(shop: QuantitySetup) -> None:
    order = shop.order("1", lamp("0.33", "carton", unit_price="0.99"))

    assert facts(shop.database, order)["subtotal"] == "0.33"


def test_a_document_is_received_once_its_unit_is_mended(shop: QuantitySetup) -> None:
    assert not shop.receive("1", lamp("0.5", "box")).ok

    apply(shop.database, "unit", "box", factor=12, decimals=1)

    refused = shop.receive("1", lamp("0.5", "box"))
    assert (
        refused.error
        == "LAMP is kept in ea: one step of box is 1.2 steps of ea, not a whole number"
    )
    apply(shop.database, "unit", "box", factor=10, decimals=1)
    assert shop.receive("1", lamp("0.5", "box")).ok


@pytest.mark.parametrize(("given_", "stored"), [("2.00", 2), (2, 2), (1.5, 1.5), ("0.01", 0.01)])
def test_quantities_are_plain_numbers(shop: QuantitySetup, given_: Any, stored: Any) -> None:
    order = shop.order("1", lamp(given_, "carton"))

    assert repr(shop.lines(order)[0][0]) == repr(stored)


QUANTITIES = {
    "ea": st.integers(1, 40).map(Decimal),
    "box": st.integers(1, 4).map(Decimal),
    "carton": st.integers(1, 60).map(lambda steps: Decimal(steps).scaleb(-2)),
    "kg": st.integers(1, 900).map(lambda steps: Decimal(steps).scaleb(-3)),
    "g": st.integers(1, 700).map(Decimal),
}
MASS = ("kg", "g")
LINES = st.lists(
    st.sampled_from(sorted(QUANTITIES)).flatmap(
        lambda unit: st.tuples(st.just(unit), QUANTITIES[unit])
    ),
    min_size=1,
    max_size=4,
)


def ship_some_lines(shop: QuantitySetup, order: UUID, data: st.DataObject) -> None:
    """Fulfill an order and ship whole lines of it; the fulfillers cancel the others."""
    for found in shop.fulfill(order):
        items: list[dict[str, Any]] = []
        for one in found["lines"]:
            if data.draw(st.booleans()):
                items.append(one)

        if items:
            quantities = [one["quantity"] for one in items]
            assert shop.ship({**found, "lines": items}, f"P-{found['number']}", *quantities).ok

        if len(items) < len(found["lines"]):
            shop.end(found)


@settings(
    max_examples=8,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(lines=LINES, on_hand=st.lists(st.integers(0, 90), min_size=3, max_size=3), data=st.data())
def test_no_step_is_lost_or_made_on_the_way(
    shop: QuantitySetup, lines: list[tuple[str, Decimal]], on_hand: list[int], data: st.DataObject
) -> None:
    """Split, fulfilled, shipped and canceled quantities add up to what was ordered."""
    shop.sourcing.strategy(is_default=True, max_line_sources=3, allow_partial=True)
    for source, pieces in zip("ABC", on_hand, strict=True):
        shop.stock("LAMP", source, str(pieces))
        shop.stock("FLOUR", source, str(Decimal(pieces).scaleb(-2)))

    number = str(new_id())
    ordered = []
    for i, (unit, quantity) in enumerate(lines):
        ordered_line = flour if unit in MASS else lamp
        ordered.append(ordered_line(str(quantity), unit, external_id=str(i)))

    order = shop.order(number, *ordered)
    shop.source(order)

    for unit in QUANTITIES:
        wanted = sum((quantity for name, quantity in lines if name == unit), Decimal(0))
        assert total([one for one in shop.lines(order) if one[1] == unit], 0) == wanted

    if any(one[2] for one in shop.lines(order)):
        ship_some_lines(shop, order, data)

    for index, (quantity, _, shipped, _) in enumerate(shop.counters(order)):
        if shipped < quantity:
            assert shop.cancel(order, index).ok

    for quantity, in_fulfillment, shipped, canceled in shop.counters(order):
        assert in_fulfillment == 0
        assert Decimal(str(shipped)) + Decimal(str(canceled)) == Decimal(str(quantity))

    for product in ("LAMP", "FLOUR"):
        assert [row[3] for row in shop.stock_rows(product)] == [0] * 3
