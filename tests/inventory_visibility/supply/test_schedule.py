"""Dated changes: applied once, within the window, and read by day for groups of stock keys."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.inventory_visibility.invariants import check

from openiom.inventory_visibility import (
    DatedQuantities,
    MeasureChange,
    PostingResult,
    ScheduleChange,
    dated_quantities,
    inbound,
    inventory_configuration,
    post_measures,
    post_schedule,
)
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOW.date()
ON_HAND, ORDERED = ("iom", "onhand"), ("iv", "ordered")


def on(days: int) -> date:
    return TODAY + timedelta(days=days)


def change(
    event_id: str,
    quantities: Mapping[tuple[int, tuple[str, str]], object],
    product: str = "LAMP",
    source: str = "SEA",
    **more: Any,
) -> ScheduleChange:
    """A change of quantities by (days from today, measure)."""
    dated = {}
    for (days, measure), units in quantities.items():
        dated[(on(days), *measure)] = Decimal(str(units))

    return ScheduleChange(event_id, more.pop("organization", ""), product, source, dated, **more)


def post(
    database: Database, *changes: ScheduleChange, window: tuple[date, date] | None = None
) -> list[PostingResult]:
    with database.unit_of_work() as session:
        return post_schedule(
            session, changes, now=NOW, actor="planner", cause="plan", window=window
        )


def balances(database: Database) -> dict[tuple[str, date], int]:
    with database.reading() as session:
        rows = fetch(
            session,
            "SELECT measure, day, quantity::int FROM inventory_visibility.schedule_balance",
        )
    return {(measure, day): quantity for measure, day, quantity in rows}


def test_changes_of_a_day_and_measure_add_up(database: Database) -> None:
    results = post(
        database,
        change("a", {(1, ON_HAND): 5, (2, ON_HAND): -2}),
        change("b", {(1, ON_HAND): 3, (1, ORDERED): 4}),
    )
    assert results == [PostingResult(True), PostingResult(True)]
    post(database, change("c", {(1, ON_HAND): -1}))
    assert balances(database) == {
        ("onhand", on(1)): 7,
        ("onhand", on(2)): -2,
        ("ordered", on(1)): 4,
    }
    check(database)


def test_a_change_is_applied_once(database: Database) -> None:
    first = change("a", {(1, ON_HAND): 5})
    again = change("a", {(2, ON_HAND): 7})
    assert post(database, first, again) == [
        PostingResult(True),
        PostingResult(True, duplicate=True),
    ]
    assert post(database, again) == [PostingResult(True, duplicate=True)]
    assert balances(database) == {("onhand", on(1)): 5}


def test_a_change_without_quantities_is_refused(database: Database) -> None:
    (result,) = post(database, change("a", {}))
    assert result == PostingResult(False, reason="no quantity is scheduled")
    assert post(database, change("a", {(0, ON_HAND): 1})) == [PostingResult(True)]


@pytest.mark.parametrize(("days", "ok"), [(-1, False), (0, True), (5, True), (6, False)])
def test_a_day_outside_the_window_refuses_the_whole_change(
    database: Database, days: int, ok: bool
) -> None:
    window = (TODAY, on(5))
    dated = change("a", {(days, ON_HAND): 1, (2, ON_HAND): 1})
    other = change("b", {(3, ON_HAND): 2})
    results = post(database, dated, other, window=window)
    assert [result.ok for result in results] == [ok, True]
    if not ok:
        assert results[0].reason == (
            f"{on(days)} is outside the schedule, which goes from {TODAY} to {on(5)}"
        )
        assert balances(database) == {("onhand", on(3)): 2}


def test_without_a_window_any_day_may_be_scheduled(database: Database) -> None:
    assert post(database, change("a", {(-400, ON_HAND): 1, (900, ON_HAND): 1}))[0].ok


def test_entries_say_what_was_scheduled_and_why(database: Database) -> None:
    given = change("a", {(1, ON_HAND): 5}, document="PO-1", confidence=Decimal("0.8"))
    post(database, given)

    with database.reading() as session:
        rows = fetch(
            session,
            "SELECT event_id, day, data_source, measure, delta::int, confidence::text, cause,"
            " document, actor, recorded_at FROM inventory_visibility.schedule_entry",
        )

    assert rows == [
        ("a", on(1), "iom", "onhand", 5, "0.800", "plan", "PO-1", "planner", NOW),
    ]


def test_own_keys_are_published_once_per_batch(database: Database) -> None:
    post(
        database,
        change("a", {(1, ON_HAND): 5}),
        change("b", {(1, ON_HAND): 5}, source="CHI"),
        change("c", {(1, ON_HAND): 5}, organization="partner"),
    )
    post(database, change("d", {(1, ON_HAND): 5}, organization="partner"))

    with database.reading() as session:
        rows = fetch(session, "SELECT name, data FROM platform.business_event")

    data = {"cause": "plan", "keys": [["LAMP", "CHI"], ["LAMP", "SEA"]], "all": True}
    assert rows == [("inventory.scheduled", data)]


def test_inbound_supply_is_whole_units_by_day(database: Database) -> None:
    post(
        database,
        change("a", {(1, ON_HAND): 5, (2, ON_HAND): "0.9", (3, ON_HAND): "2.6"}),
        change("b", {(1, ("pos", "outbound")): 4, (9, ON_HAND): 7}),
        change("c", {(1, ON_HAND): 2}, source="CHI"),
        change("d", {(1, ON_HAND): 8}, product="DESK"),
        change("e", {(1, ON_HAND): 8}, dimensions={"colorid": "red"}),
    )
    with database.reading() as session:
        found = inbound(session, ["LAMP"], first=TODAY, last=on(5))

    assert found == {
        on(1): {("LAMP", "SEA"): 5, ("LAMP", "CHI"): 2},
        on(3): {("LAMP", "SEA"): 2},
    }


@pytest.fixture
def planned(database: Database) -> Database:
    """Ten lamps at SEA and none at CHI, with changes on three days."""
    with database.unit_of_work() as session:
        stock = MeasureChange("", "LAMP", "SEA", {ON_HAND: Decimal(10)})
        empty = MeasureChange("", "LAMP", "CHI", {ON_HAND: Decimal(0)})
        post_measures(session, [stock, empty], now=NOW, actor="pos", cause="api")

    post(
        database,
        change("a", {(0, ON_HAND): -2, (2, ON_HAND): 5, (40, ON_HAND): 99}),
        change("b", {(2, ("pos", "outbound")): 3}),
        change("c", {(1, ON_HAND): 4}, source="CHI"),
    )
    return database


def dated(
    database: Database, first: date | None = None, last: date | None = None
) -> list[DatedQuantities]:
    """The quantities of SEA, of CHI, and of both together."""
    with database.reading() as session:
        rows = fetch(session, "SELECT source, id FROM inventory_visibility.stock")
        ids = dict(rows)
        found = dated_quantities(
            session,
            [[ids["SEA"]], [ids["CHI"]]],
            configuration=inventory_configuration(session),
            today=TODAY,
            first=first,
            last=last,
        )
        (both,) = dated_quantities(
            session,
            [[ids["SEA"], ids["CHI"]]],
            configuration=inventory_configuration(session),
            today=TODAY,
            first=first,
            last=last,
        )

    return [*found, both]


def promised(found: DatedQuantities) -> list[float]:
    days = sorted(found.atp_quantities)
    return [found.atp_quantities[day]["iv"]["availabletopromise"] for day in days]


def test_each_group_is_projected_by_itself(planned: Database) -> None:
    sea, chi, both = dated(planned)
    assert promised(sea)[:4] == [8, 8, 10, 10]
    assert promised(chi)[:4] == [0, 4, 4, 4]
    assert promised(both)[:4] == [8, 12, 14, 14]
    assert len(promised(sea)) == 30


def test_changes_are_shown_by_day_with_the_calculated_measure(planned: Database) -> None:
    sea, chi, _ = dated(planned)
    assert sea.quantities_by_date == {
        "2026-11-20T00:00:00": {"iom": {"onhand": -2}, "iv": {"availabletopromise": -2}},
        "2026-11-22T00:00:00": {
            "iom": {"onhand": 5},
            "pos": {"outbound": 3},
            "iv": {"availabletopromise": 2},
        },
    }
    assert chi.quantities_by_date == {
        "2026-11-21T00:00:00": {"iom": {"onhand": 4}, "iv": {"availabletopromise": 4}}
    }


def test_a_range_narrows_what_is_shown_but_not_the_projection(planned: Database) -> None:
    sea, chi, _ = dated(planned, on(1), on(2))
    assert sorted(sea.atp_quantities) == ["2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"]
    assert promised(sea) == [8, 10]
    assert list(sea.quantities_by_date) == ["2026-11-22T00:00:00"]
    assert promised(chi) == [4, 4]


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [(-5, 0, 1), (0, 0, 1), (29, 90, 1), (30, 90, 0), (-9, -1, 0), (5, 4, 0)],
)
def test_a_range_is_cut_to_the_window(planned: Database, first: int, last: int, days: int) -> None:
    sea, _, _ = dated(planned, on(first), on(last))
    assert len(sea.atp_quantities) == days
