"""Money is conserved at every step of random stories, in currencies of 0, 2 and 3 decimals."""

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fulfillment.builders import broken_invariants, fulfillment_orders, parcel, report
from tests.orders.builders import NOW, SHIP_TO, line, master_data, stock
from tests.payments.builders import balance, charge, facts, paid_order
from tests.tables import empty_tables

from openiom.fulfillment import recall_fulfillment_orders
from openiom.kernel import ProviderDown, ProviderRejected, from_minor_units
from openiom.master_data import KINDS
from openiom.payments import RefundRequest, refund
from openiom.payments.call_queue import ClaimedFact, claim_facts, oldest_due_group
from openiom.payments.service.outcome import decide_outcome, record_outcomes
from openiom.payments.service.retry import retry_facts
from openiom.platform.bulk import fetch_column
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database
from openiom.provider_contract import CallResult

STEP = st.one_of(
    st.tuples(st.just("ship"), st.integers(1, 3), st.integers(0, 2)),
    st.tuples(st.just("deliver_twice"), st.just(0), st.just(0)),
    st.tuples(st.just("cancel"), st.just(0), st.just(0)),
    st.tuples(st.just("answer"), st.sampled_from(["ok", "refused", "lost", "paused"]), st.just(0)),
    st.tuples(st.just("refund"), st.integers(1, 4000), st.integers(0, 2)),
    st.tuples(st.just("retry"), st.just(0), st.just(0)),
)
MOST_UNITS = (3, 2)


class Story:
    """One order, its parcels, and what an ideal provider has captured and paid back."""

    def __init__(self, database: Database, currency: str, total: int, prepaid: int) -> None:
        self.database = database
        self.total = total
        self.prepaid = min(prepaid, total)
        self.parcels: list[list[int]] = []
        self.left = list(MOST_UNITS)
        self.ended = False
        amount = from_minor_units(total, currency)
        payments = [{"method": "card", "provider": "pay", "reference": "A", "amount": str(amount)}]
        if prepaid:
            gift = str(from_minor_units(min(prepaid, total), currency))
            payments.append(
                {"method": "gift_card", "reference": "G", "amount": gift, "captured": gift}
            )
        price = str(from_minor_units(max(1, total // 7), currency))
        self.order = paid_order(
            database,
            payments,
            line(quantity=MOST_UNITS[0], unit_price=price),
            line("Lamp", quantity=MOST_UNITS[1], unit_price=price, external_id="2"),
            currency=currency,
            ship_to=SHIP_TO,
            total_amount=str(amount),
            shipping_amount=str(from_minor_units(total // 10, currency)),
        )

    def ship(self, first: int, second: int) -> None:
        """Ship what is left, at most so many units of each line."""
        quantities = [min(first, self.left[0]), min(second, self.left[1])]
        if self.ended or not any(quantities):
            return
        self.left = [left - part for left, part in zip(self.left, quantities, strict=True)]
        self.parcels.append(quantities)
        self.report(len(self.parcels))

    def report(self, number: int) -> None:
        """Deliver the update of a parcel."""
        [found] = fulfillment_orders(self.database, self.order)
        update = parcel(found, f"P{number}", *self.parcels[number - 1])
        report(self.database, update)
        charge(self.database)

    def deliver_twice(self, *_: object) -> None:
        """Deliver the update of the last parcel once more."""
        if self.parcels and not self.ended:
            self.report(len(self.parcels))

    def cancel(self, *_: object) -> None:
        """End the fulfillment of what has not shipped, and cancel it."""
        if self.ended or not any(self.left):
            return
        self.ended = True
        [found] = fulfillment_orders(self.database, self.order)
        with self.database.unit_of_work() as session:
            recall_fulfillment_orders(session, [UUID(found["id"])], NOW, "Ada", units="cancel")
        update = {"number": found["number"], "kind": "canceled", "at": "2026-11-22T08:00:00Z"}
        report(self.database, update)
        charge(self.database)

    def answer(self, kind: str, _: object) -> None:
        """Answer the calls that are due, all in one way."""
        with self.database.unit_of_work() as session:
            group = oldest_due_group(session, NOW, paused=())
            claimed = claim_facts(session, group, limit=9, now=NOW) if group else []
        outcomes = []
        for fact in claimed:
            result = _result(fact, kind)
            outcome = decide_outcome(fact, result, now=NOW, max_attempts=3)
            outcomes.append(outcome)
        with self.database.unit_of_work() as session:
            record_outcomes(session, outcomes, NOW, "payments")

    def refund(self, amount: int, method: int) -> None:
        """Request a refund."""
        currency = balance(self.database, self.order).currency
        request = RefundRequest(
            self.order, f"{amount}-{method}", from_minor_units(amount, currency), "goodwill"
        )
        with self.database.unit_of_work() as session:
            refund(session, [request, request], NOW, "Ada")

    def retry(self, *_: object) -> None:
        """Retry everything that is not complete."""
        with self.database.unit_of_work() as session:
            query = "SELECT id FROM payments.payment_fact WHERE state <> 'succeeded'"
            retry_facts(session, fetch_column(session, query), NOW, "Ada")

    def check(self) -> None:
        """Check what must hold after every step."""
        found = balance(self.database, self.order)
        assert found.charged <= found.kept <= found.total == self.total
        assert found.refunded <= found.captured
        captured = sum(one[1] for one in facts(self.database, self.order, "capture")
                       if one[2] != "failed")  # fmt: skip
        assert captured <= self.total + self.prepaid
        if not any(self.left):
            assert found.charged == self.total
        if self.ended:
            assert found.kept == found.charged
        assert broken_invariants(self.database) == []


def _result(fact: ClaimedFact, kind: str) -> CallResult:
    errors = {
        "refused": ProviderRejected("declined"),
        "lost": ProviderDown("timed out"),
        "paused": ProviderDown("too many requests", retry_after=1.0),
    }
    return CallResult(fact.key, error=errors.get(kind), external_id="op")


@pytest.mark.parametrize("currency", ["JPY", "USD", "KWD"])
def test_money_is_conserved(database: Database, currency: str) -> None:
    @settings(max_examples=8, suppress_health_check=list(HealthCheck), database=None)
    @given(
        steps=st.lists(STEP, min_size=4, max_size=12),
        total=st.integers(1, 99_999),
        prepaid=st.sampled_from([0, 0, 700]),
    )
    def play(steps: list[tuple[str, object, object]], total: int, prepaid: int) -> None:
        empty_tables(database)
        master_data(database)
        configuration = Configuration()
        configuration.register(*KINDS)
        body = {"title": currency}
        with database.unit_of_work() as session:
            document = {"kind": "currency", "name": currency, "body": body}
            configuration.apply(session, [document], at=NOW, actor="test")
        stock(database, Accu_Scale__SEA=9, Lamp__SEA=9)
        story = Story(database, currency, total, prepaid)
        for name, first, second in steps:
            step: Callable[[object, object], None] = getattr(story, name)
            step(first, second)
            story.check()

    play()


def test_every_partition_of_an_order_adds_up_to_its_total(database: Database) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=9, Lamp__SEA=9)
    card = {"method": "card", "provider": "pay", "reference": "A", "amount": "100.01"}
    order = paid_order(
        database,
        [card],
        line(quantity=3, unit_price="33.33", discount="1.00", tax="7.77"),
        total_amount="100.01",
        discount_amount="9.99",
        shipping_amount="5.00",
    )
    [found] = fulfillment_orders(database, order)
    for number in range(3):
        report(database, parcel(found, f"P{number}", 1))
        charge(database)

    amounts = [Decimal(amount) for _, amount, _ in facts(database, order, "capture")]
    assert amounts == [3667, 3167, 3167]
    assert broken_invariants(database) == []
