"""Balances at any moment, and pages of the entries behind a balance."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from openiom.inventory_visibility import (
    MeasureChange,
    SoftReservationRequest,
    as_of,
    post_measures,
    soft_reserve,
)
from openiom.inventory_visibility.ledger.history import LedgerPage, ledger_page, parse_balances
from openiom.kernel import Invalid
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.fixture
def moved(database: Database) -> Database:
    """Six changes of two systems, then an overdrawn reservation of red units and a receipt."""
    for minute in range(6):
        measure = ("erp", "unrestricted") if minute % 2 else ("pos", "posinbound")
        change = MeasureChange("", "LAMP", "SEA", {measure: Decimal(minute + 1)}, document="d")

        with database.unit_of_work() as session:
            post_measures(session, [change], now=at(minute), actor="pos", cause="api")

    with database.unit_of_work() as session:
        request = SoftReservationRequest("", "LAMP", "SEA", Decimal(25), check=False)
        soft_reserve(session, [request], now=at(10), actor="shop")

    with database.unit_of_work() as session:
        change = MeasureChange("", "LAMP", "SEA", {("pos", "posinbound"): Decimal(3)})
        post_measures(session, [change], now=at(11), actor="pos", cause="api")

    return database


def page(
    database: Database,
    *,
    until: datetime | None = None,
    data_source: str = "",
    after: tuple[int, str] | None = None,
    limit: int = 50,
) -> LedgerPage:
    with database.reading() as session:
        return ledger_page(
            session, 1, until=until, data_source=data_source, after=after, limit=limit
        )


def rows(found: LedgerPage) -> list[tuple[str, float, float]]:
    return [(row.measure, row.delta, row.balance_after) for row in found.rows]


NEWEST = [
    ("overdraft", -3, 1),
    ("posinbound", 3, 12),
    ("overdraft", 4, 4),
    ("softreservordered", 25, 25),
    ("unrestricted", 6, 12),
    ("posinbound", 5, 9),
    ("unrestricted", 4, 6),
    ("posinbound", 3, 4),
    ("unrestricted", 2, 2),
    ("posinbound", 1, 1),
]


def test_the_newest_entries_count_back_from_the_present_balances(moved: Database) -> None:
    found = page(moved)
    assert sorted(rows(found)[:2]) == sorted(NEWEST[:2])
    assert sorted(rows(found)[2:4]) == sorted(NEWEST[2:4])
    assert rows(found)[4:] == NEWEST[4:]
    assert found.after is None


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_continue_where_the_last_one_ended(moved: Database, limit: int) -> None:
    everything = rows(page(moved))
    seen: list[tuple[str, float, float]] = []
    after = None
    while True:
        found = page(moved, after=after, limit=limit)
        seen += rows(found)
        after = found.after
        if after is None:
            break

        assert len(found.rows) == limit

    assert seen == everything


def test_a_page_that_ends_with_the_last_entry_has_no_next_page(moved: Database) -> None:
    assert page(moved, limit=10).after is None
    assert page(moved, limit=9).after is not None


def test_entries_of_one_source_system(moved: Database) -> None:
    assert rows(page(moved, data_source="erp")) == [
        ("unrestricted", 6, 12),
        ("unrestricted", 4, 6),
        ("unrestricted", 2, 2),
    ]
    assert rows(page(moved, data_source="fno")) == []


def test_entries_up_to_a_moment_have_the_balances_of_that_moment(moved: Database) -> None:
    assert rows(page(moved, until=at(3))) == NEWEST[6:]
    assert rows(page(moved, until=at(-1))) == []
    assert rows(page(moved, until=at(2), limit=1)) == [("posinbound", 3, 4)]


def test_an_entry_says_why_and_by_whom_the_balance_moved(moved: Database) -> None:
    last = page(moved).rows[-1]
    assert (last.id, last.recorded_at, last.data_source) == (1, NOW, "pos")
    assert (last.cause, last.document, last.actor, last.event_id) == ("api", "d", "pos", None)


def test_balances_are_summed_from_the_entries_up_to_a_moment(moved: Database) -> None:
    with moved.reading() as session:
        past = as_of(session, [1, 99], at(3))
        present = as_of(session, [1], at(60))[1]

    assert past[1].on_hand == 10
    assert past[1].measures == {("pos", "posinbound"): 4, ("erp", "unrestricted"): 6}
    assert (past[1].reserved, past[1].overdraft) == (0, 0)
    assert (past[99].on_hand, past[99].measures) == (0, {})
    assert (present.on_hand, present.reserved, present.overdraft) == (24, 25, 1)
    assert present.backed_by_variants == 0


def test_variant_backed_units_have_their_own_balance(database: Database) -> None:
    change = MeasureChange(
        "", "TEE", "SEA", {("pos", "posinbound"): Decimal(4)}, dimensions={"colorid": "red"}
    )
    with database.unit_of_work() as session:
        post_measures(session, [change], now=NOW, actor="pos", cause="api")

    with database.unit_of_work() as session:
        request = SoftReservationRequest("", "TEE", "SEA", Decimal(3))
        assert soft_reserve(session, [request], now=NOW, actor="shop")[0].ok

    with database.reading() as session:
        found = as_of(session, [1, 2], NOW)

    root = min(found.values(), key=lambda balances: balances.on_hand)
    assert (root.on_hand, root.reserved, root.backed_by_variants) == (0, 3, 3)


@pytest.mark.parametrize("text", ["", "[]", "7", '{"a": "x"}', '{"a": []}', "{"])
def test_a_cursor_without_balances_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="is not a page cursor of this list"):
        parse_balances(text)


def test_the_balances_of_a_cursor_are_exact() -> None:
    assert parse_balances('{"iom.onhand": "1.0001"}') == {"iom.onhand": Decimal("1.0001")}
