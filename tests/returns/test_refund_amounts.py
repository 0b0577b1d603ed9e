"""What is refunded of a line, whatever the sequence of partial returns."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from openiom.returns.refund_amounts import goods_amount, restocking_fee

ZERO = Decimal(0)
cents = st.integers(0, 50_000).map(lambda value: Decimal(value).scaleb(-2))


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
