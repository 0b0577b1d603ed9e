"""Events of inventory: which keys they name, and when none is published."""

from datetime import UTC, datetime

import pytest
from tests.inventory_visibility.invariants import INVARIANTS

from openiom.inventory_visibility import EVENTS
from openiom.inventory_visibility.events import (
    MAX_KEYS,
    inventory_event,
    named_keys,
    publish_availability_increased,
    publish_inventory_changed,
)
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def published(database: Database) -> list[tuple[object, ...]]:
    with database.reading() as session:
        return fetch(
            session,
            "SELECT name, subject_type, actor, data FROM platform.business_event ORDER BY id",
        )


def test_an_event_names_each_key_once_in_order() -> None:
    assert named_keys([("B", "SEA"), ("A", "SEA"), ("B", "SEA")]) == [["A", "SEA"], ["B", "SEA"]]
    assert named_keys([]) == []


@pytest.mark.parametrize(("keys", "named"), [(499, 499), (500, 500), (501, 500)])
def test_an_event_names_a_limited_number_of_keys(keys: int, named: int) -> None:
    assert MAX_KEYS == 500
    assert len(named_keys([(f"P{number:04}", "SEA") for number in range(keys)])) == named


def test_an_event_is_its_own_subject() -> None:
    first, second = (inventory_event("inventory.changed", {"a": 1}) for _ in range(2))
    assert first.subject_type == "inventory"
    assert first.subject_id == first.root_id
    assert first.subject_id != second.subject_id
    assert first.data == {"a": 1}


def test_a_change_and_more_availability_are_different_events(database: Database) -> None:
    keys = {("LAMP", "SEA"), ("DESK", "CHI")}
    with database.unit_of_work() as session:
        publish_inventory_changed(
            session, keys, cause="count", document="C-1", now=NOW, actor="erp"
        )
        publish_availability_increased(
            session, [("LAMP", "")], cause="release", now=NOW, actor="shop"
        )

    assert published(database) == [
        (
            "inventory.changed",
            "inventory",
            "erp",
            {
                "cause": "count",
                "document": "C-1",
                "keys": [["DESK", "CHI"], ["LAMP", "SEA"]],
            },
        ),
        (
            "inventory.availability_increased",
            "inventory",
            "shop",
            {"cause": "release", "document": "", "keys": [["LAMP", ""]]},
        ),
    ]


def test_without_keys_nothing_is_published(database: Database) -> None:
    with database.unit_of_work() as session:
        publish_inventory_changed(session, [], cause="c", document="d", now=NOW, actor="a")
        publish_availability_increased(session, set(), cause="c", now=NOW, actor="a")
    assert published(database) == []


def test_every_event_name_is_declared_once() -> None:
    assert len(set(EVENTS)) == len(EVENTS) == 6
    assert "inventory.availability_increased" in EVENTS
    assert "inventory.discrepancy_found" in EVENTS


def test_every_invariant_file_says_what_it_checks() -> None:
    files = [
        path for path in INVARIANTS.glob("*.sql") if "inventory_visibility." in path.read_text()
    ]
    assert len(files) >= 14
    for path in files:
        assert path.read_text().startswith("-- "), path.name
