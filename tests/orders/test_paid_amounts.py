"""What was paid for each line of an order, as payments capture and returns refund it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openiom.kernel import minor_units
from openiom.orders.paid_amounts import PaidLine, PaidOrder, paid_amounts, paid_part

ZERO = Decimal(0)
cents = st.integers(0, 50_000).map(lambda value: Decimal(value).scaleb(-2))


def line(price: str, *, discount: str = "0", tax: str = "0") -> PaidLine:
    return PaidLine(Decimal(price), Decimal(discount), Decimal(tax))


def order(*lines: PaidLine, total: str, **amounts: str) -> PaidOrder:
    names = ("shipping", "fees", "discount", "tax", "credit")
    values = {name: Decimal(amounts.get(name, "0")) for name in names}
    return PaidOrder(currency="USD", total=Decimal(total), lines=lines, **values)


def test_discount_and_tax_of_the_order_are_shared() -> None:
    paid = paid_amounts(
        order(
            line("20.00"),
            line("10.00"),
            total="35.64",
            shipping="6.00",
            discount="3.00",
            tax="2.64",
        )
    )
    assert paid.of_lines == [Decimal("19.44"), Decimal("9.72")]
    assert paid.costs == Decimal("6.48")


def test_prices_that_include_tax_are_refunded_as_they_are() -> None:
    paid = paid_amounts(order(line("11.90", tax="1.90"), total="11.90", tax="1.90"))
    assert paid.of_lines == [Decimal("11.90")]


def test_what_was_paid_with_credit_counts() -> None:
    paid = paid_amounts(order(line("10.00"), total="4.00", credit="6.00"))
    assert paid.of_lines == [Decimal("10.00")]


@given(
    prices=st.lists(st.tuples(cents, cents), min_size=1, max_size=6),
    shipping=cents,
    discount=cents,
    tax=cents,
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
)
def test_the_parts_never_add_up_to_more_than_was_paid(
    prices: list[tuple[Decimal, Decimal]],
    shipping: Decimal,
    discount: Decimal,
    tax: Decimal,
    currency: str,
) -> None:
    lines = [PaidLine(price, min(price, less), ZERO) for price, less in prices]
    goods = sum((one.net for one in lines), ZERO)
    total = max(ZERO, goods + shipping + tax - discount)
    found = paid_amounts(
        PaidOrder(currency, total, shipping, ZERO, min(discount, goods), tax, ZERO, lines)
    )
    step = Decimal(1).scaleb(-minor_units(currency))
    assert sum(found.of_lines, ZERO) + found.costs <= total + step
    assert min(found.of_lines) >= 0


@pytest.mark.parametrize(
    ("steps", "part"), [(0, "0"), (1, "3.33"), (2, "6.66"), (3, "10.00"), (4, "10.00")]
)
def test_a_part_is_rounded_down_and_the_last_one_completes_the_amount(
    steps: int, part: str
) -> None:
    assert paid_part(Decimal("10.00"), steps, 3, "USD") == Decimal(part)
