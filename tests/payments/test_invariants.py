"""Each invariant of payments finds the damage it is there for, and tables refuse what they can."""

from pathlib import Path
from uuid import UUID

import pytest
from psycopg.errors import CheckViolation
from tests.fulfillment.builders import broken_invariants
from tests.payments.builders import CARD, charge, paid_order, ship, shop

from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database

FOLDER = Path(__file__).parents[2] / "invariants"

DAMAGE = [
    ("captured_within_what_shipped", "UPDATE payments.charge SET captured = captured - 1"),
    ("captured_within_what_shipped", "UPDATE payments.charge SET kind = 'digital'"),
    ("charged_within_what_shipped", "UPDATE payments.order_payment SET charged = 5000"),
    (
        "charged_within_what_shipped",
        "UPDATE payments.charge SET amount = 4000; UPDATE payments.order_payment"
        " SET charged = 4000, uncovered = 2000",
    ),
    ("payment_balances_equal_facts", "UPDATE payments.payment_method SET released = 1"),
    (
        "refunded_within_what_was_captured",
        "UPDATE payments.payment_fact SET kind = 'refund' WHERE kind = 'capture'",
    ),
    (
        "unfinished_payment_calls_are_made",
        "UPDATE payments.payment_fact SET due_at = NULL WHERE state = 'requested'",
    ),
]

REFUSED = [
    ("ck_payment_method_captured", "UPDATE payments.payment_method SET captured = 9999"),
    ("ck_payment_method_refunded", "UPDATE payments.payment_method SET refunded = 1"),
    ("ck_payment_method_covered", "UPDATE payments.payment_method SET covered = 1"),
    ("ck_charge_captured", "UPDATE payments.charge SET captured = amount + 1"),
    ("ck_order_payment_uncovered", "UPDATE payments.order_payment SET uncovered = charged + 1"),
    ("ck_payment_fact_amount", "UPDATE payments.payment_fact SET amount = 0"),
]


@pytest.fixture
def order(database: Database) -> UUID:
    """Return an order of $50 by card, of which $20 have shipped and are being captured."""
    shop(database)
    found = paid_order(database, [CARD])
    ship(database, found, "P1", 2)
    charge(database)
    return found


def test_a_healthy_story_breaks_none(database: Database, order: UUID) -> None:
    assert broken_invariants(database) == []


@pytest.mark.parametrize(("name", "damage"), DAMAGE)
def test_damage_is_found(database: Database, order: UUID, name: str, damage: str) -> None:
    with database.unit_of_work() as session:
        execute(session, damage)
    with database.reading() as session:
        assert fetch(session, (FOLDER / f"{name}.sql").read_text())


@pytest.mark.parametrize(("constraint", "change"), REFUSED)
def test_tables_refuse_what_no_decision_may_do(
    database: Database, order: UUID, constraint: str, change: str
) -> None:
    with (
        pytest.raises(CheckViolation, match=constraint),
        database.unit_of_work() as session,
    ):
        execute(session, change)
