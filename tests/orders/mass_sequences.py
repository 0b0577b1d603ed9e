"""One process of random operations on many orders; its parent may kill it at any moment.

Every round does one random thing to each of a hundred orders, in a single transaction, and checks
the units and money of all of them before it commits. Usage: URL SEED ROUNDS BATCH.
"""

import random
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from tests.orders.builders import NOW, SHIP_TO
from tests.orders.change_sequences import CURRENCIES, PORT, PRODUCTS

from openiom.orders import (
    LineCancellation,
    cancel_lines,
    cancel_orders,
    record_shipped,
    release_to_fulfillment,
)
from openiom.orders.changes.money import derive_money
from openiom.orders.changes.operations import OPERATIONS
from openiom.orders.changes.patches import read_operations
from openiom.orders.changes.records import RecordedChange, read_changes
from openiom.orders.changes.stored_values import read_values
from openiom.orders.changes.undo import undo_refusal
from openiom.orders.changes.values import OrderValue
from openiom.orders.service.apply_changes import ChangeRequest, apply_to_locked, lock_values
from openiom.payments import RefundRequest, payment_balances, refund
from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.platform.retry import retry_transient
from openiom.returns import create_returns, receive_returns
from openiom.returns.queries import returns_of_order
from openiom.returns.schemas import NewReturn, ReceivedUnits

Values = dict[UUID, OrderValue]


@dataclass
class MassSequences:
    """Random operations on the orders of one batch, all in the transaction of `session`."""

    session: Session
    random: random.Random
    ids: Sequence[UUID]
    done: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def run(self) -> None:
        """Deal the orders to the operations, carry them out, and check every order."""
        before = self.values()
        hands: dict[Callable[[Values], None], Values] = defaultdict(dict)
        for order_id, value in before.items():
            chosen = self.random.choices(
                [
                    self.change,
                    self.undo,
                    self.cancel_units,
                    self.cancel,
                    self.ship,
                    self.return_units,
                ]
                + [self.refund_twice, self.change_and_undo],
                weights=[30, 8, 10, 2, 18, 12, 12, 8],
            )
            hands[chosen[0]][order_id] = value

        for work, hand in hands.items():
            work(hand)
        self.check(before)

    def values(self) -> Values:
        """Return the orders as they are; they are locked."""
        return lock_values(self.session, self.ids, PORT).values

    def check(self, before: Values) -> None:
        """Assert that units and money of every order add up, and that shipped units stay."""
        after = read_values(self.session, self.ids, ())
        balances = payment_balances(self.session, self.ids)
        for order_id, value in after.items():
            money = derive_money(value)
            assert money.kept == money.total - money.refunds >= 0
            stated = money.lines + money.shipping + money.tax - money.discount + value.difference
            assert money.total == stated
            for line in value.lines:
                assert line.shipped + line.canceled + line.in_fulfillment <= line.quantity
            assert shipped_of(value) >= shipped_of(before[order_id])
            balance = balances[order_id]
            assert balance.refunded + balance.refundable == balance.captured

    def change(self, hand: Values) -> None:
        """Apply a random operation to each order."""
        self._apply({order_id: [self._operation(value)] for order_id, value in hand.items()})

    def change_and_undo(self, hand: Values) -> None:
        """Apply a random operation and undo it: every amount is what it was."""
        before = {order_id: derive_money(value) for order_id, value in self._read(hand).items()}
        applied = self._apply({i: [self._operation(value)] for i, value in hand.items()})
        undone = self._undo({i: change_id for i, change_id in applied.items() if change_id})
        for order_id, value in self._read(undone).items():
            assert derive_money(value) == before[order_id]
            self.done["undo(do(x)) = x"] += 1

    def undo(self, hand: Values) -> None:
        """Undo the last change of each order that is not undone."""
        self._undo(dict.fromkeys(hand))

    def cancel_units(self, hand: Values) -> None:
        """Cancel a unit of a line of each order, twice in the same call."""
        cancellations: list[LineCancellation] = []
        for value in hand.values():
            line_id = self.random.choice(value.lines).id
            assert line_id is not None
            cancellations += [LineCancellation(line_id, Decimal(1))] * 2
        outcomes = cancel_lines(self.session, cancellations, NOW, "bob")
        self.done["units canceled"] += sum(outcome.ok for outcome in outcomes)

    def cancel(self, hand: Values) -> None:
        """Cancel orders twice; the second time changes nothing."""
        first = cancel_orders(self.session, list(hand), NOW, "bob")
        before = {i: value.content() for i, value in self._read(hand).items()}
        cancel_orders(self.session, list(hand), NOW, "eve")
        assert {i: value.content() for i, value in self._read(hand).items()} == before
        self.done["orders canceled"] += sum(outcome.ok for outcome in first)

    def ship(self, hand: Values) -> None:
        """Release and ship a step of a line of each order."""
        steps: dict[UUID, int] = {}
        for value in hand.values():
            for line in value.lines:
                if line.changeable > 0 and line.id is not None:
                    steps[line.id] = 1
                    break
        release_to_fulfillment(self.session, steps, NOW, "flow")
        record_shipped(self.session, list(steps.items()), NOW, "3pl")
        self.done["units shipped"] += len(steps)

    def refund_twice(self, hand: Values) -> None:
        """Refund an amount of each order, and repeat the request: only one counts."""
        requests: list[RefundRequest] = []
        for order_id, value in hand.items():
            amount = Decimal(self.random.randint(1, 400)).scaleb(-CURRENCIES[value.currency])
            requests.append(RefundRequest(order_id, f"R{self.random.randint(0, 9)}", amount))
        first = refund(self.session, requests, NOW, "ann")
        before = payment_balances(self.session, list(hand))
        repeated = refund(self.session, requests, NOW, "ann")
        assert payment_balances(self.session, list(hand)) == before
        for once, twice in zip(first, repeated, strict=True):
            assert (once.ok, once.fact_ids) == (twice.ok, twice.fact_ids)
            self.done["refunds"] += once.ok and not once.duplicate

    def return_units(self, hand: Values) -> None:
        """Return a shipped unit of each order, receive and inspect it twice."""
        requests: list[NewReturn] = []
        for order_id, value in hand.items():
            shipped = [line.id for line in value.lines if line.shipped >= 10**line.steps.decimals]
            if shipped:
                item = {"order_line_id": self.random.choice(shipped), "quantity": 1}
                item["reason"] = "defective"
                body = {"order_id": order_id, "override": True, "lines": [item]}
                requests.append(NewReturn.model_validate(body))
        if not requests:
            return
        results = create_returns(self.session, requests, NOW, "ann")
        created = {result.id for result in results if result.ok}
        units: list[ReceivedUnits] = []
        for request in requests:
            for found in returns_of_order(self.session, request.order_id):
                if found.id in created:
                    units.append(
                        ReceivedUnits(
                            id=found.lines[0].id,
                            quantity=Decimal(1),
                            condition="new",
                            disposition="restock",
                        )
                    )
        received = receive_returns(self.session, units, NOW, "ann", place="SEA")
        repeated = receive_returns(self.session, units, NOW, "ann", place="SEA")
        assert not any(outcome.ok for outcome in repeated)
        self.done["units returned"] += sum(outcome.ok for outcome in received)

    def _read(self, hand: Any) -> Values:
        return read_values(self.session, list(hand), PORT.planned_lines(self.session, list(hand)))

    def _apply(self, wanted: dict[UUID, list[dict[str, Any]]]) -> dict[UUID, UUID | None]:
        requests: list[ChangeRequest] = []
        for order_id, operations in wanted.items():
            requests.append(ChangeRequest(order_id, OPERATIONS.validate_python(operations)))
        return self._send(requests, "changes")

    def _undo(self, wanted: dict[UUID, UUID | None]) -> dict[UUID, UUID | None]:
        """Undo a change of each order, the last one where none is named, in one call."""
        values = self._read(wanted)
        histories: dict[UUID, list[RecordedChange]] = defaultdict(list)
        for change in read_changes(self.session, list(wanted)):
            histories[change.order_id].append(change)

        locked = lock_values(self.session, list(wanted), PORT)
        requests: list[ChangeRequest] = []
        for order_id, changes in histories.items():
            chosen = [x for x in changes if wanted[order_id] in (None, x.id)][0]
            if not undo_refusal(chosen, changes, values[order_id], locked.facts):
                inverse = read_operations(chosen.inverse)
                requests.append(ChangeRequest(order_id, inverse, undoes=chosen.id))
        return self._send(requests, "undone")

    def _send(self, requests: list[ChangeRequest], title: str) -> dict[UUID, UUID | None]:
        locked = lock_values(self.session, [request.order_id for request in requests], PORT)
        outcomes = apply_to_locked(self.session, requests, locked, NOW, "ann", PORT)
        applied: dict[UUID, UUID | None] = {}
        for outcome in outcomes:
            if outcome.patch is None:
                self.done["refused"] += 1
                continue
            applied[outcome.request.order_id] = outcome.change_id
        for order_id, value in self._read(applied).items():
            [patch] = [x.patch for x in outcomes if x.request.order_id == order_id]
            assert patch is not None
            assert value.content() == patch.after.content()
        self.done[title] += len(applied)
        return applied

    def _operation(self, value: OrderValue) -> dict[str, Any]:
        line = self.random.choice(value.lines).line_number
        product = self.random.choice(PRODUCTS)
        amount = str(Decimal(self.random.randint(0, 900)).scaleb(-CURRENCIES[value.currency]))
        return self.random.choice(
            [
                {"kind": "change_quantity", "line": line, "quantity": self.random.randint(1, 12)},
                {"kind": "remove_line", "line": line},
                {"kind": "add_line", "product": product, "quantity": "3", "unit_price": amount},
                {"kind": "exchange_line", "line": line, "product": product},
                {"kind": "set_unit_price", "line": line, "unit_price": amount},
                {"kind": "set_discount", "amount": amount},
                {"kind": "set_shipping_method", "method": "Express", "amount": amount},
                {"kind": "set_ship_to", "address": SHIP_TO | {"city": product}},
                {"kind": "goodwill", "amount": amount, "reason": "late"},
            ]
        )


def shipped_of(value: OrderValue) -> int:
    """Return the shipped steps of an order."""
    return sum(line.shipped for line in value.lines)


def run_process(url: str, seed: int, rounds: int, batch: int) -> None:
    """Run rounds on random batches of orders; write a line after each commit."""
    database = Database(url, threads=2)
    chance = random.Random(seed)
    with database.reading() as session:
        ids = [row[0] for row in fetch(session, "SELECT id FROM orders.order ORDER BY number")]

    for number in range(rounds):
        chosen = sorted(chance.sample(ids, min(batch, len(ids))))
        round_seed = f"{seed}-{number}"

        def work(
            session: Session, chosen: list[UUID] = chosen, round_seed: str = round_seed
        ) -> dict[str, int]:
            sequences = MassSequences(session, random.Random(round_seed), chosen)
            sequences.run()
            return sequences.done

        done = retry_transient(database, work)
        counts = " ".join(f"{name.replace(' ', '_')}:{count}" for name, count in done.items())
        sys.stdout.write(f"{len(chosen)} {counts}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    run_process(sys.argv[1], *map(int, sys.argv[2:5]))
