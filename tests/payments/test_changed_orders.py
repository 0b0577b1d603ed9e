"""Payments of orders that people have changed."""

from typing import Any

import pytest
from tests.fulfillment.builders import broken_invariants
from tests.orders.builders import NOW, document, line
from tests.payments.builders import balance, facts, paid_order, receive, shop

from openiom.fulfillment import UnsentFulfillment
from openiom.orders.changes.patches import read_operations
from openiom.orders.service.apply_changes import ChangeRequest, apply_changes
from openiom.platform.database import Database

CARD: dict[str, Any] = {"method": "card", "reference": "A", "amount": "50", "captured": "50"}
MORE = {"kind": "change_quantity", "line": 1, "quantity": 6}
LAMP = {"kind": "add_line", "product": "Lamp", "quantity": 2, "unit_price": "4.00"}
STILL_MORE = {"kind": "change_quantity", "line": 1, "quantity": 7}


@pytest.mark.parametrize("is_same_method", [True, False], ids=["same method", "another method"])
def test_vendure_2677_a_payment_is_added_after_several_changes(
    database: Database, is_same_method: bool
) -> None:
    """A manual payment after several modifications violated a unique constraint."""
    shop(database)
    order = paid_order(database, [CARD], in_fulfillment=False)
    for operation in (MORE, LAMP, STILL_MORE):
        with database.unit_of_work() as session:
            request = ChangeRequest(order, read_operations([operation]))
            [outcome] = apply_changes(session, [request], NOW, "ann", UnsentFulfillment())
        assert outcome.refusal is None, outcome.refusal

    assert balance(database, order).to_capture == 2800
    payments = [CARD, {**CARD, "method": "bank_transfer", "amount": "28", "captured": "28"}]
    if is_same_method:
        payments = [{**CARD, "amount": "78", "captured": "78"}]
    paid = document("1001", line(quantity=5), payments=payments)
    for version in (2, 3):
        [result] = receive(database, {**paid, "external_version": version})
        assert result.ok, result

    found = balance(database, order)
    assert (found.total, found.captured, found.to_capture) == (7800, 7800, 0)
    assert [amount for _, amount, _ in facts(database, order, "capture")] == [5000, 2800]
    assert broken_invariants(database) == []
