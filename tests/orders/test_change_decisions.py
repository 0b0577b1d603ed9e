"""Operations on the value of an order: what they change, what they refuse, and their inverse."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.orders.change_builders import (
    ADDRESS,
    decide,
    line_value,
    order_value,
    product_facts,
)

from openiom.kernel import Refused, minor_units
from openiom.orders.changes.differences import operations_between
from openiom.orders.changes.money import derive_money
from openiom.orders.changes.patches import apply_operation, decide_patch
from openiom.orders.changes.values import OrderValue
from openiom.orders.decisions import TotalReading


def change_quantity(line: int, quantity: float) -> dict[str, Any]:
    return {"kind": "change_quantity", "line": line, "quantity": str(quantity)}


def undone(before: OrderValue, after: OrderValue) -> OrderValue:
    """Return the order after the inverse of the change that made `after`."""
    value = after
    for operation in operations_between(after, before, product_facts()):
        value = apply_operation(value, operation, product_facts())
    return value


def test_a_smaller_quantity_reduces_price_discount_and_tax_in_proportion() -> None:
    patch = decide(order_value(), change_quantity(1, 5))

    money = patch.money_after
    assert (money.lines, money.tax, money.total) == (
        Decimal("14.00"),
        Decimal("1.40"),
        Decimal("20.40"),
    )
    assert patch.money_before.total == Decimal("35.80")
    assert patch.words == ["Quantity of line 1 (LAMP) from 10 to 5 ea"]


def test_a_quantity_stays_at_what_has_shipped_and_was_canceled() -> None:
    value = order_value(line_value(shipped=3, canceled=2))

    with pytest.raises(Refused, match="5 ea of line 1 are shipped or canceled") as refused:
        decide(value, change_quantity(1, 4))

    assert refused.value.remedy == "enter 5 or more"
    assert refused.value.where == "operations[0].line 1"
    assert decide(value, change_quantity(1, 5)).after.lines[0].quantity == 5


def test_a_line_at_a_fulfiller_is_recalled_first() -> None:
    value = order_value(line_value(in_fulfillment=4, at_fulfiller=4))

    with pytest.raises(Refused, match="4 ea of line 1 are at a fulfiller") as refused:
        decide(value, change_quantity(1, 12))

    assert refused.value.remedy == "recall its fulfillment order, then change the line"


@pytest.mark.parametrize(
    ("operation", "what"),
    [
        ({"kind": "remove_line", "line": 1}, "the order has no line left"),
        ({"kind": "remove_line", "line": 7}, "the order has no line 7"),
        ({"kind": "set_unit_price", "line": 1, "unit_price": "0.10"}, "the discount of line 1"),
        ({"kind": "set_discount", "amount": "28.01"}, "a discount of 28.01 is more than"),
        ({"kind": "set_discount", "line": 1, "amount": "1.001"}, "more than the 2 decimals"),
        ({"kind": "goodwill", "amount": "40", "reason": "late"}, "40 is more than the 35.80"),
        ({"kind": "goodwill", "amount": "-1", "reason": "late"}, "more than the goodwill of 0.00"),
        (
            {"kind": "add_line", "product": "SOFA", "quantity": 1, "unit_price": "1"},
            "there is no product SOFA",
        ),
        ({"kind": "exchange_line", "line": 1, "product": "FLOUR"}, "does not convert into kg"),
        ({"kind": "exchange_line", "line": 1, "product": "LAMP"}, "line 1 is of LAMP already"),
        (
            {"kind": "set_ship_to", "address": {"line1": "", "city": "Oslo", "country": "NO"}},
            "the address has no line1",
        ),
        ({"kind": "set_shipping_method", "method": ""}, "the change leaves the order as it is"),
        (
            {
                "kind": "restate_amounts",
                "shipping": 0,
                "fees": 0,
                "credit": 0,
                "difference": 0,
                "reading": "tax_added",
            },
            "stated by the source",
        ),
    ],
)
def test_refusals_say_what_and_what_to_do(operation: dict[str, Any], what: str) -> None:
    with pytest.raises(Refused, match=what) as refused:
        decide(order_value(), operation)

    assert refused.value.remedy
    assert refused.value.where


def test_an_ended_order_only_gets_goodwill() -> None:
    value = order_value(line_value(shipped=10), state="completed")

    with pytest.raises(Refused, match="the order is completed"):
        decide(value, {"kind": "add_line", "product": "LAMP", "quantity": 1, "unit_price": "1"})

    given_back = decide(value, {"kind": "goodwill", "amount": "5.80", "reason": "scratched"})
    assert given_back.money_after.kept == Decimal("30.00")


def test_the_address_of_an_order_stays_once_goods_have_shipped() -> None:
    value = order_value(line_value(shipped=1), line_value(2, "SCALE"))
    moved = {"kind": "set_ship_to", "address": ADDRESS | {"city": "Tacoma"}}

    with pytest.raises(Refused, match="units of line 1 have shipped"):
        decide(value, moved)

    assert decide(value, moved | {"line": 2}).after.lines[1].ship_to == ADDRESS | {"city": "Tacoma"}


def test_an_exchange_keeps_price_and_quantity_of_what_has_not_shipped() -> None:
    value = order_value(line_value(shipped=4))
    patch = decide(value, {"kind": "exchange_line", "line": 1, "product": "LAMP-RED"})

    old, new = patch.after.lines
    assert (old.quantity, new.quantity, new.product) == (4, 6, "LAMP-RED")
    assert old.discount + new.discount == Decimal("2.00")
    assert old.tax + new.tax == Decimal("2.80")
    assert patch.money_after.total == patch.money_before.total


def test_a_substitute_is_the_first_candidate_in_stock() -> None:
    operation = {"kind": "substitute_line", "line": 1, "candidates": ["SCALE", "LAMP-RED"]}
    facts = product_facts({"SCALE": 9, "LAMP-RED": 10})

    aware = decide(order_value(), operation, facts=facts)
    first = decide(order_value(), operation | {"mode": "first_match"}, facts=facts)

    assert [line.product for line in aware.after.lines] == ["LAMP-RED"]
    assert [line.product for line in first.after.lines] == ["SCALE"]
    with pytest.raises(Refused, match="is in stock in the unit and quantity of line 1"):
        decide(order_value(), operation, facts=product_facts({"SCALE": 9}))


def test_the_tax_of_an_order_without_taxes_of_lines_follows_its_goods() -> None:
    line = line_value(tax=Decimal(0), discount=Decimal(0))
    value = order_value(line, order_tax=Decimal("3.00"))

    assert decide(value, change_quantity(1, 5)).money_after.tax == Decimal("1.50")


def test_a_total_that_includes_its_tax_still_does() -> None:
    value = order_value(reading=TotalReading.TAX_INCLUDED)
    patch = decide(value, change_quantity(1, 5))

    assert (patch.money_before.total, patch.money_after.total) == (
        Decimal("33.00"),
        Decimal("19.00"),
    )


def test_canceled_units_are_refunded_and_shipping_with_the_last_one() -> None:
    half = derive_money(order_value(line_value(canceled=5)))
    whole = derive_money(order_value(line_value(canceled=10)))

    assert (half.canceled, half.kept) == (Decimal("15.40"), Decimal("20.40"))
    assert (whole.canceled, whole.kept) == (Decimal("35.80"), Decimal("0.00"))


class TestLessonsOfOthers:
    """Faults that users of other systems reported, as cases of ours."""

    def test_vendure_688_an_order_discount_stays_when_a_line_is_added(self) -> None:
        """A surcharge of 10 made the customer owe 13, because a discount of 3 was lost."""
        value = order_value(discount=Decimal("3.00"))
        added = {"kind": "add_line", "product": "SCALE", "quantity": 1, "unit_price": "10.00"}
        patch = decide(value, added)

        assert patch.money_after.kept - patch.money_before.kept == Decimal("10.00")
        assert patch.money_after.discount == Decimal("3.00")

    def test_vendure_688_an_address_is_part_of_the_change(self) -> None:
        """The addresses of a change were sent empty."""
        moved = ADDRESS | {"city": "Tacoma"}
        patch = decide(
            order_value(),
            {"kind": "set_ship_to", "address": moved},
            {"kind": "set_bill_to", "address": moved},
        )

        assert (patch.after.ship_to, patch.after.bill_to) == (moved, moved)

    def test_vendure_4013_adding_a_line_and_removing_it_refunds_nothing(self) -> None:
        """The removal refunded what had never been paid."""
        value = order_value()
        added = {"kind": "add_line", "product": "SCALE", "quantity": 1, "unit_price": "10.00"}
        more = decide(value, added)
        same = decide(more.after, {"kind": "remove_line", "line": 2})

        assert same.money_after == more.money_before
        assert same.after.content() == value.content()

    def test_vendure_1197_an_address_with_another_shipping_charge_is_one_change(self) -> None:
        """The order stayed in a state of modification, from which nothing led out."""
        patch = decide(
            order_value(),
            {"kind": "set_ship_to", "address": ADDRESS | {"city": "Oslo", "country": "NO"}},
            {"kind": "set_shipping_method", "method": "International", "amount": "14.00"},
        )

        assert patch.money_after.kept - patch.money_before.kept == Decimal("9.00")
        assert patch.after.state == "in_progress"


CURRENCIES = {"JPY": 0, "USD": 2, "KWD": 3}


@st.composite
def orders(draw: st.DrawFn) -> OrderValue:
    """Orders of one to four lines in currencies of 0, 2 and 3 decimals."""
    currency = draw(st.sampled_from(sorted(CURRENCIES)))

    def money(most: int) -> Decimal:
        return Decimal(draw(st.integers(0, most))).scaleb(-minor_units(currency))

    lines = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        product = draw(st.sampled_from(["LAMP", "SCALE", "FLOUR"]))
        quantity = draw(st.integers(2, 40))
        shipped = draw(st.integers(0, 1))
        canceled = draw(st.integers(0, quantity - shipped - 1))
        line = line_value(
            number,
            product,
            quantity=quantity,
            unit_price=money(5_000),
            discount=Decimal(0),
            tax=money(500),
            shipped=shipped,
            canceled=canceled,
        )
        lines.append(line)

    tax = draw(st.sampled_from([None, money(2_000)]))
    return order_value(*lines, currency=currency, shipping=money(1_000), order_tax=tax)


@st.composite
def operations(draw: st.DrawFn) -> dict[str, Any]:
    line = draw(st.integers(1, 6))
    amount = str(draw(st.integers(0, 300)))
    product = draw(st.sampled_from(["LAMP", "LAMP-RED", "SCALE", "FLOUR"]))
    return draw(
        st.sampled_from(
            [
                change_quantity(line, draw(st.integers(1, 40))),
                {"kind": "remove_line", "line": line},
                {"kind": "add_line", "product": product, "quantity": 2, "unit_price": amount},
                {"kind": "exchange_line", "line": line, "product": product},
                {"kind": "set_unit_price", "line": line, "unit_price": amount},
                {"kind": "set_discount", "line": line, "amount": amount},
                {"kind": "set_discount", "amount": amount},
                {"kind": "set_shipping_method", "method": "Express", "amount": amount},
                {"kind": "set_ship_to", "line": line, "address": ADDRESS | {"city": "Oslo"}},
                {"kind": "set_requested_date", "line": line, "date": "2026-12-24"},
                {"kind": "goodwill", "amount": "1", "reason": "late"},
            ]
        )
    )


@settings(max_examples=300)
@given(orders(), st.lists(operations(), min_size=1, max_size=8))
def test_every_change_keeps_the_books_and_can_be_undone(
    value: OrderValue, wanted: list[dict[str, Any]]
) -> None:
    for operation in wanted:
        try:
            patch = decide(value, operation)
        except Refused:
            continue

        money = patch.money_after
        assert money.total == money.lines + money.shipping + money.fees - money.discount + money.tax
        assert money.kept == money.total - money.refunds
        assert money.kept >= 0
        assert fixed_units(patch.after) == fixed_units(value)
        for line in patch.after.lines:
            assert line.quantity >= line.fixed

        inverse = undone(value, patch.after)
        assert derive_money(inverse).kept == patch.money_before.kept
        assert merged(inverse) == merged(value)
        value = patch.after


def fixed_units(value: OrderValue) -> tuple[int, int]:
    shipped = sum(line.shipped for line in value.lines)
    return shipped, sum(line.canceled for line in value.lines)


def merged(value: OrderValue) -> dict[str, Any]:
    """Return the content of an order; lines that were divided count as one."""
    content = value.content()
    lines: dict[Any, list[Any]] = {}
    for line in value.lines:
        key = (line.external_id, line.product, line.unit, line.unit_price, str(line.requested_date))
        sums = lines.setdefault((key, str(line.ship_to)), [0, Decimal(0), 0, 0])
        sums[0] += line.quantity
        sums[1] += line.tax
        sums[2] += line.shipped
        sums[3] += line.canceled
    return content | {"lines": lines}


@pytest.mark.parametrize(("price", "quantity"), [("9999999999999", 1_000), ("9999999999999", 2)])
def test_amounts_that_cannot_be_stored_are_refused(price: str, quantity: int) -> None:
    value = order_value(line_value(tax=Decimal("9999999999999")), order_tax=Decimal("0.01"))
    priced = {"kind": "add_line", "product": "LAMP", "quantity": quantity, "unit_price": price}

    with pytest.raises(Refused, match="the order would cost 10000000000000 USD or more"):
        decide(value, priced)


def test_a_patch_is_all_or_nothing() -> None:
    value = order_value()
    with pytest.raises(Refused) as refused:
        decide(value, change_quantity(1, 5), {"kind": "remove_line", "line": 9})

    assert refused.value.where == "operations[1].line 9"
    assert decide_patch(value, decide(value, change_quantity(1, 5)).operations, product_facts())
