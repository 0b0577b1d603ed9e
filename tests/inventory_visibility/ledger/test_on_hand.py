"""Changes of own on hand: set and changed, refused when reserved units would lose their stock."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.inventory_visibility.invariants import STOCK_INVARIANTS, check

from openiom.inventory_visibility import (
    RECEIVERS,
    MeasureChange,
    SoftReservationRequest,
    StockChange,
    StockReservationRequest,
    change_on_hand,
    post_measures,
    reserve,
    soft_reserve,
)
from openiom.kernel import new_id
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database
from openiom.provider_contract import InboundDocument

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
EVENTS = "SELECT name, data->'keys' FROM platform.business_event ORDER BY id"


def changed(database: Database, mode: Any, **quantities: object) -> list[str]:
    """Change on hand of products at SEA."""
    changes = [StockChange(name, "SEA", Decimal(str(units))) for name, units in quantities.items()]
    with database.unit_of_work() as session:
        return change_on_hand(
            session, changes, mode=mode, cause="count", document="C-1", now=NOW, actor="clerk"
        )


def balances(database: Database) -> dict[str, tuple[int, int, int]]:
    """(on hand, reserved, overdraft) by product."""
    with database.reading() as session:
        rows = fetch(
            session,
            "SELECT product, on_hand::int, reserved::int, overdraft::int"
            " FROM inventory_visibility.stock ORDER BY product",
        )
    return {product: (on_hand, reserved, over) for product, on_hand, reserved, over in rows}


def reserved(database: Database, units: int) -> None:
    with database.unit_of_work() as session:
        request = StockReservationRequest(new_id(), "LAMP", "SEA", units)
        assert reserve(session, [request], NOW, "shop") == [True]


def overdrawn(database: Database, units: int) -> None:
    with database.unit_of_work() as session:
        request = SoftReservationRequest("", "LAMP", "SEA", Decimal(units), check=False)
        assert soft_reserve(session, [request], now=NOW, actor="shop")[0].ok


def test_changes_add_to_on_hand_and_sets_replace_it(database: Database) -> None:
    assert changed(database, "change", LAMP=5, DESK=2) == ["", ""]
    assert changed(database, "change", LAMP=-2) == [""]
    assert balances(database) == {"DESK": (2, 0, 0), "LAMP": (3, 0, 0)}
    assert changed(database, "set", LAMP=9, DESK=0) == ["", ""]
    assert balances(database) == {"DESK": (0, 0, 0), "LAMP": (9, 0, 0)}
    check(database, STOCK_INVARIANTS)


def test_a_set_leaves_alone_what_other_systems_count(database: Database) -> None:
    with database.unit_of_work() as session:
        change = MeasureChange("", "LAMP", "SEA", {("pos", "posinbound"): Decimal(4)})
        post_measures(session, [change], now=NOW, actor="pos", cause="api")
    assert changed(database, "set", LAMP=3) == [""]
    assert changed(database, "set", LAMP=5) == [""]
    assert balances(database) == {"LAMP": (9, 0, 0)}


def test_several_changes_of_one_key_follow_each_other(database: Database) -> None:
    with database.unit_of_work() as session:
        reasons = change_on_hand(
            session,
            [StockChange("LAMP", "SEA", Decimal(units)) for units in (5, 8, 2)],
            mode="set",
            cause="count",
            document="C-1",
            now=NOW,
            actor="clerk",
        )
        deltas = fetch(
            session, "SELECT delta::int FROM inventory_visibility.ledger_entry ORDER BY id"
        )

    assert reasons == ["", "", ""]
    assert deltas == [(5,), (3,), (-6,)]
    assert balances(database) == {"LAMP": (2, 0, 0)}


def test_a_change_below_what_is_reserved_is_refused_by_itself(database: Database) -> None:
    changed(database, "set", LAMP=10, DESK=1)
    reserved(database, 6)
    assert changed(database, "change", LAMP=-5, DESK=3) == [
        "5 on hand would not cover the 6 units already reserved",
        "",
    ]
    assert changed(database, "set", LAMP=5) == [
        "5 on hand would not cover the 6 units already reserved"
    ]
    assert changed(database, "set", LAMP=6) == [""], "exactly what is reserved is enough"
    assert balances(database) == {"DESK": (4, 0, 0), "LAMP": (6, 6, 0)}
    check(database, STOCK_INVARIANTS)


def test_more_stock_is_accepted_although_it_does_not_cover_what_is_reserved(
    database: Database,
) -> None:
    overdrawn(database, 5)
    assert balances(database) == {"LAMP": (0, 5, 5)}
    assert changed(database, "change", LAMP=2) == [""]
    assert balances(database) == {"LAMP": (2, 5, 3)}
    assert changed(database, "change", LAMP=-1) == [
        "1 on hand would not cover the 5 units already reserved"
    ]
    assert changed(database, "change", LAMP=9) == [""]
    assert balances(database) == {"LAMP": (11, 5, 0)}
    check(database, STOCK_INVARIANTS)


def test_stock_that_may_be_oversold_can_be_lowered_below_what_is_reserved(
    database: Database,
) -> None:
    changed(database, "set", LAMP=10)
    reserved(database, 6)
    with database.unit_of_work() as session:
        execute(session, "UPDATE inventory_visibility.stock SET oversell = TRUE")
    assert changed(database, "set", LAMP=1) == [""]
    assert balances(database) == {"LAMP": (1, 6, 0)}


def test_only_keys_that_moved_are_published(database: Database) -> None:
    changed(database, "set", LAMP=4, DESK=0)
    changed(database, "set", LAMP=4)
    with database.reading() as session:
        assert fetch(session, EVENTS) == [("inventory.changed", [["LAMP", "SEA"]])]


def feed(database: Database, *items: tuple[str, object]) -> Any:
    document = {
        "mode": "set",
        "reference": "feed-7",
        "items": [
            {"product": product, "source": "SEA", "quantity": quantity}
            for product, quantity in items
        ],
    }
    with database.unit_of_work() as session:
        arrived = InboundDocument(1, "erp", document)
        (result,) = RECEIVERS["stock"](session, [arrived], NOW, "erp")

    return result


@pytest.fixture
def feedable(database: Database) -> Database:
    changed(database, "set", LAMP=10, DESK=4)
    reserved(database, 6)
    return database


def test_a_stock_feed_sets_on_hand(feedable: Database) -> None:
    result = feed(feedable, ("LAMP", 7.5), ("DESK", "3"))
    assert result.ok
    assert result.entity_id == "feed-7"

    with feedable.reading() as session:
        rows = fetch(
            session,
            "SELECT measure, delta::text, cause, document, actor"
            " FROM inventory_visibility.ledger_entry WHERE actor = 'erp' ORDER BY id",
        )

    assert rows == [
        ("onhand", "-2.5000", "feed", "feed-7", "erp"),
        ("onhand", "-1.0000", "feed", "feed-7", "erp"),
    ]


def test_a_feed_with_refused_items_names_the_first(feedable: Database) -> None:
    result = feed(feedable, ("DESK", 3), ("LAMP", 2), ("LAMP", 1))
    assert not result.ok
    assert result.where == "items[1]"
    assert result.error == (
        "2 of 3 items were refused; the first:"
        " 2 on hand would not cover the 6 units already reserved"
    )
    assert result.remedy == "release reservations or correct the quantity, then replay"
    assert balances(feedable)["DESK"] == (3, 0, 0), "the other items are applied"
