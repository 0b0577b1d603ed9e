"""Intake of measures: each event once, facts always accepted, sets and changes exact."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from tests.inventory_visibility.invariants import check

from openiom.inventory_visibility import (
    MeasureChange,
    PostingResult,
    StockChange,
    StockReservationRequest,
    available,
    change_on_hand,
    post_measures,
    reserve,
)
from openiom.kernel import new_id
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
INBOUND, OUTBOUND, ERP, OWN = (
    ("pos", "posinbound"),
    ("pos", "posoutbound"),
    ("erp", "unrestricted"),
    ("iom", "onhand"),
)
DONE, AGAIN = PostingResult(True), PostingResult(True, duplicate=True)


def change(event: str, quantities: dict[tuple[str, str], object], **more: object) -> MeasureChange:
    numbers = {measure: Decimal(str(quantity)) for measure, quantity in quantities.items()}
    return MeasureChange("", "LAMP", "SEA", numbers, event, **more)  # type: ignore[arg-type]


def post(database: Database, *changes: MeasureChange, mode: str = "change") -> list[PostingResult]:
    with database.unit_of_work() as session:
        answers = post_measures(session, changes, mode=mode, now=NOW, actor="pos", cause="api")  # type: ignore[arg-type]
    check(database)
    return answers


def stock(
    database: Database, columns: str = "on_hand, reserved, overdraft, backed_by_variants"
) -> Sequence[tuple[object, ...]]:
    with database.reading() as session:
        return fetch(
            session,
            f"SELECT dimensions, {columns} FROM inventory_visibility.stock ORDER BY dimensions",
        )


def measures(database: Database) -> dict[tuple[str, str], Decimal]:
    with database.reading() as session:
        rows = fetch(
            session,
            "SELECT data_source, measure, quantity FROM inventory_visibility.measure_balance",
        )
    return {(source, measure): quantity for source, measure, quantity in rows}


def test_every_system_counts_for_itself_and_the_formula_makes_on_hand(database: Database) -> None:
    both = {INBOUND: 7, OUTBOUND: 2}
    assert (
        post(
            database,
            change("1", both),
            change("2", {ERP: "3.5"}),
            change("3", {("pos", "other"): 9}),
        )
        == [DONE] * 3
    )
    assert measures(database) == {INBOUND: 7, OUTBOUND: 2, ERP: Decimal("3.5"), ("pos", "other"): 9}
    assert stock(database) == [("", Decimal("8.5"), 0, 0, 0)]

    with database.reading() as session:
        assert available(session, ["LAMP"]) == {("LAMP", "SEA"): Decimal("8.5")}


def test_an_event_is_applied_once_in_a_batch_and_later(database: Database) -> None:
    event = change("1", {INBOUND: 5, ERP: 1})
    assert post(database, event, event, change("", {INBOUND: 1}), change("", {INBOUND: 1})) == [
        DONE,
        AGAIN,
        DONE,
        DONE,
    ]
    assert post(database, event, change("2", {INBOUND: 1})) == [AGAIN, DONE]
    assert measures(database) == {INBOUND: 8, ERP: 1}
    other = MeasureChange("brand", "LAMP", "SEA", {INBOUND: Decimal(1)}, "1")
    assert post(database, other) == [DONE], "ids belong to their organization"


def test_set_replaces_one_measure_and_leaves_the_others(database: Database) -> None:
    post(database, change("1", {INBOUND: 5, ERP: 1}))
    first, second = change("2", {INBOUND: 3}), change("3", {INBOUND: 11})
    assert post(database, first, second, change("4", {ERP: 1}), mode="set") == [DONE] * 3
    assert measures(database) == {INBOUND: 11, ERP: 1}
    assert stock(database) == [("", 12, 0, 0, 0)]
    assert post(database, first, change("4", {ERP: 9}), mode="set") == [AGAIN, AGAIN], (
        "also a set that moved nothing"
    )
    assert measures(database) == {INBOUND: 11, ERP: 1}

    with database.reading() as session:
        deltas = fetch(session, "SELECT delta FROM inventory_visibility.ledger_entry ORDER BY id")

    assert [row[0] for row in deltas] == [5, 1, -2, 8, 0]


def test_a_feed_sets_own_on_hand_and_leaves_other_measures(database: Database) -> None:
    post(database, change("1", {ERP: 4}))
    with database.unit_of_work() as session:
        count = [StockChange("LAMP", "SEA", Decimal(10))]
        change_on_hand(
            session, count, mode="set", cause="count", document="c", now=NOW, actor="test"
        )
        change_on_hand(
            session, count, mode="set", cause="count", document="c", now=NOW, actor="test"
        )

    assert measures(database) == {ERP: 4, OWN: 10}
    assert stock(database) == [("", 14, 0, 0, 0)]
    check(database)


def test_a_change_below_reserved_units_is_accepted_and_later_supply_repays_overdraft(
    database: Database,
) -> None:
    post(database, change("1", {INBOUND: 10}))
    with database.unit_of_work() as session:
        assert reserve(
            session, [StockReservationRequest(new_id(), "LAMP", "SEA", 8)], NOW, "test"
        ) == [True]

    assert post(database, change("2", {INBOUND: -5}, document="audit 7")) == [DONE]
    assert stock(database) == [("", 5, 8, 3, 0)]

    with database.reading() as session:
        booked = fetch(
            session,
            "SELECT delta, cause, document, actor"
            " FROM inventory_visibility.ledger_entry WHERE measure = 'overdraft'",
        )
        assert booked == [(3, "api", "audit 7", "pos")]

    with database.unit_of_work() as session:
        assert reserve(
            session, [StockReservationRequest(new_id(), "LAMP", "SEA", 1)], NOW, "test"
        ) == [False]

    assert post(database, change("3", {INBOUND: 2})) == [DONE]
    assert stock(database) == [("", 7, 8, 1, 0)]

    with database.unit_of_work() as session:
        receipt = [StockChange("LAMP", "SEA", Decimal(4))]
        change_on_hand(
            session, receipt, mode="change", cause="receipt", document="r", now=NOW, actor="test"
        )

    assert stock(database) == [("", 11, 8, 0, 0)]
    check(database)


def test_an_invalid_change_is_refused_and_the_others_are_applied(database: Database) -> None:
    soft = change("1", {("iv", "softreservordered"): 1, INBOUND: 1})
    answers = post(
        database,
        soft,
        change("2", {}),
        change("3", {INBOUND: "0.00001"}),
        change("4", {INBOUND: 1}),
    )
    assert [a.ok for a in answers] == [False, False, False, True]
    assert (
        answers[0].reason
        == "iv.softreservordered is a soft reservation: reserve or unreserve it instead"
    )
    assert measures(database) == {INBOUND: 1}


def test_new_keys_with_dimensions_are_made_once_and_kept_apart(database: Database) -> None:
    red = {"siteid": "1", "colorid": "red;=%"}
    batch = [change(str(n), {INBOUND: 1}, dimensions=red) for n in range(3)]
    assert post(database, *batch, change("9", {INBOUND: 4})) == [DONE] * 4
    assert stock(database, "dimension_values, on_hand") == [
        ("", {}, 4),
        ("colorid=red%3B%3D%25;siteid=1", red, 3),
    ]


def test_the_event_names_what_moved_and_a_repeated_batch_publishes_nothing(
    database: Database,
) -> None:
    batch = (change("1", {INBOUND: 1}), change("2", {("pos", "other"): 1}))
    post(database, *batch)
    post(database, *batch)

    with database.reading() as session:
        published = fetch(
            session,
            "SELECT data->'keys' FROM platform.business_event WHERE name = 'inventory.changed'",
        )

    assert published == [([["LAMP", "SEA"]],)]
