"""What is refunded of a line, whatever the sequence of partial returns."""

from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from openiom.kernel import minor_units
from openiom.returns.refund_amounts import (
    PaidLine,
    PaidOrder,
    goods_amount,
    paid_amounts,
    restocking_fee,
)

ZERO = Decimal(0)
cents = st.integers(0, 50_000).map(lambda value: Decimal(value).scaleb(-2))


def line(
    number: int, quantity: int, price: str, *, discount: str = "0", tax: str = "0"
) -> PaidLine:
    return PaidLine(UUID(int=number), quantity, Decimal(price), Decimal(discount), Decimal(tax))


def order(*lines: PaidLine, total: str, **amounts: str) -> PaidOrder:
    names = ("shipping", "fees", "discount", "tax", "credit")
    values = {name: Decimal(amounts.get(name, "0")) for name in names}
    return PaidOrder(currency="USD", total=Decimal(total), lines=lines, **values)


def test_discount_and_tax_of_the_order_are_shared() -> None:
    paid = paid_amounts(
        order(
            line(1, 2, "20.00"),
            line(2, 1, "10.00"),
            total="35.64",
            shipping="6.00",
            discount="3.00",
            tax="2.64",
        )
    )
    assert paid.by_line == {UUID(int=1): Decimal("19.44"), UUID(int=2): Decimal("9.72")}
    assert paid.costs == Decimal("6.48")


def test_prices_that_include_tax_are_refunded_as_they_are() -> None:
    paid = paid_amounts(order(line(1, 1, "11.90", tax="1.90"), total="11.90", tax="1.90"))
    assert paid.by_line == {UUID(int=1): Decimal("11.90")}


def test_what_was_paid_with_credit_counts() -> None:
    paid = paid_amounts(order(line(1, 1, "10.00"), total="4.00", credit="6.00"))
    assert paid.by_line == {UUID(int=1): Decimal("10.00")}


@given(
    prices=st.lists(st.tuples(st.integers(1, 9), cents, cents), min_size=1, max_size=6),
    shipping=cents,
    discount=cents,
    tax=cents,
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
)
def test_the_parts_never_add_up_to_more_than_was_paid(
    prices: list[tuple[int, Decimal, Decimal]],
    shipping: Decimal,
    discount: Decimal,
    tax: Decimal,
    currency: str,
) -> None:
    lines = [
        PaidLine(UUID(int=i + 1), quantity, price, min(price, less), ZERO)
        for i, (quantity, price, less) in enumerate(prices)
    ]
    goods = sum((one.net for one in lines), ZERO)
    total = max(ZERO, goods + shipping + tax - discount)
    found = paid_amounts(
        PaidOrder(currency, total, shipping, ZERO, min(discount, goods), tax, ZERO, lines)
    )
    step = Decimal(1).scaleb(-minor_units(currency))
    assert sum(found.by_line.values(), ZERO) + found.costs <= total + step
    assert min(found.by_line.values()) >= 0


@given(
    paid=cents,
    quantity=st.integers(1, 40),
    parts=st.lists(st.integers(1, 7), min_size=1, max_size=40),
)
def test_partial_refunds_add_up_to_the_price(
    paid: Decimal, quantity: int, parts: list[int]
) -> None:
    steps, refunded = 0, ZERO
    for part in parts:
        steps = min(quantity, steps + part)
        amount = goods_amount(paid, quantity, steps, refunded, "USD")
        assert amount >= 0
        refunded += amount
        assert refunded <= paid
    rest = goods_amount(paid, quantity, quantity, refunded, "USD")
    assert refunded + rest == paid


@given(goods=cents, percent=st.integers(0, 100).map(Decimal))
def test_a_restocking_fee_is_never_more_than_the_goods(goods: Decimal, percent: Decimal) -> None:
    assert 0 <= restocking_fee(goods, percent, "USD") <= goods
