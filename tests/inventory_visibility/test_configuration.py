"""The configuration we ship, and what another one means for the stock there is."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any

import orjson
import pytest
from sqlalchemy.orm import Session
from tests.external_data import external_path

from openiom.inventory_visibility import (
    DEFAULT_FORMULA,
    KINDS,
    MeasureChange,
    SoftReservationRequest,
    available,
    configuration_for_writing,
    inventory_configuration,
    post_measures,
    soft_reserve,
)
from openiom.inventory_visibility.configuration import (
    InventoryConfigurationBody,
    parse,
)
from openiom.inventory_visibility.configuration_problems import problems_of
from openiom.inventory_visibility.default_configuration import DEFAULT
from openiom.kernel import Invalid
from openiom.platform.bulk import fetch
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
INVARIANTS = Path(__file__).parents[2] / "invariants"


@pytest.fixture
def kinds() -> Configuration:
    made = Configuration()
    made.register(*KINDS)
    return made


def shipped() -> InventoryConfigurationBody:
    return InventoryConfigurationBody.model_validate(DEFAULT)


def apply(kinds: Configuration, session: Session, **changes: Any) -> None:
    document = {
        "kind": "inventory_configuration",
        "name": "default",
        "body": {**DEFAULT, **changes},
    }
    kinds.apply(session, [document], at=NOW, actor="planner")


def without(measure: tuple[str, str]) -> dict[str, Any]:
    """Data sources whose calculated measures leave one physical measure out."""
    sources: dict[str, Any] = orjson.loads(orjson.dumps(DEFAULT["data_sources"]))
    for source in sources.values():
        for name, terms in source.get("calculated_measures", {}).items():
            kept = [t for t in terms if (t[1].lower(), t[2].lower()) != measure]
            source["calculated_measures"][name] = kept
    return {"data_sources": sources}


def test_the_configuration_we_ship_has_no_problem_and_is_the_formula_stock_is_kept_by() -> None:
    assert problems_of(shipped()) == []
    formula = parse(shipped()).formula
    assert (formula.supply, formula.reservations) == (
        DEFAULT_FORMULA.supply,
        DEFAULT_FORMULA.reservations,
    )


def test_the_shipped_configuration_has_every_published_name_and_term() -> None:
    published = orjson.loads(external_path("contracts/iv/default_configuration.json").read_bytes())
    ours = parse(shipped())

    for name, source in published["dataSources"].items():
        known = ours.sources[name.lower()]
        assert {m.lower() for m in source["physicalMeasures"]} <= known.physical
        mapped = {
            own.lower(): base.lower() for own, base in source.get("dimensionMapping", {}).items()
        }
        assert {own: known.dimensions[own] for own in mapped} == mapped
        assert known.read_only is source.get("readOnlyFromApi", False)

        for measure, terms in source.get("calculatedMeasures", {}).items():
            formula = ours.calculated[name.lower(), measure.lower()]
            for kind, of, term in terms:
                if kind != "?":  # that source leaves this formula open
                    assert formula[of.lower(), term.lower()] == (1 if kind == "Addition" else -1)

    assert [d.lower() for d, _ in published["reservationHierarchy"]] == list(ours.hierarchy)
    assert [g.lower() for g in published["allocationGroups"]] == [
        g.lower() for g in ours.allocation_groups
    ]
    assert [
        (a.lower(), b.lower(), c.lower(), d.lower())
        for a, b, c, d in published["reservationMapping"]
    ] == [("iv", "softreservphysical", *ours.reservation["iv", "softreservphysical"])]
    assert ours.index_sets == (("colorid", "sizeid", "styleid"),)


def posted(session: Session, **quantities: int) -> None:
    measures = {
        ("pos" if name == "inbound" else "iom", name): Decimal(n) for name, n in quantities.items()
    }
    change = MeasureChange("", "LAMP", "SEA", measures)
    assert post_measures(session, [change], now=NOW, actor="test", cause="given")[0].ok


def quantities(session: Session) -> list[tuple[int, int, int]]:
    query = "SELECT on_hand::int, reserved::int, overdraft::int FROM inventory_visibility.stock"
    return [(row[0], row[1], row[2]) for row in fetch(session, query)]


def test_on_hand_follows_a_new_formula_through_the_ledger(
    database: Database, kinds: Configuration
) -> None:
    with database.unit_of_work() as session:
        posted(session, onhand=5, inbound=3)
        assert quantities(session) == [(8, 0, 0)]
        apply(kinds, session, **without(("pos", "inbound")))
        assert quantities(session) == [(5, 0, 0)]
        assert available(session, ["LAMP"]) == {("LAMP", "SEA"): 5}
        entry = fetch(
            session,
            "SELECT measure, delta::int, cause, actor"
            " FROM inventory_visibility.ledger_entry ORDER BY id DESC LIMIT 1",
        )
        assert entry == [("on_hand", -3, "configuration", "planner")]
        apply(kinds, session)
        assert quantities(session) == [(8, 0, 0)]

    with database.reading() as session:
        assert fetch(session, (INVARIANTS / "ledger_adds_up_to_stock.sql").read_text()) == []
        assert fetch(session, (INVARIANTS / "never_promise_twice.sql").read_text()) == []


def test_what_a_new_formula_takes_from_under_reservations_becomes_overdraft(
    database: Database, kinds: Configuration
) -> None:
    with database.unit_of_work() as session:
        posted(session, onhand=2, inbound=4)
        request = SoftReservationRequest("", "LAMP", "SEA", Decimal(5))
        assert soft_reserve(session, [request], now=NOW, actor="test")[0].ok
        apply(kinds, session, **without(("pos", "inbound")))
        assert quantities(session) == [(2, 5, 3)]
        assert available(session, ["LAMP"]) == {}
        apply(kinds, session)
        assert quantities(session) == [(6, 5, 0)]


def test_a_measure_with_open_reservations_cannot_be_unmapped(
    database: Database, kinds: Configuration
) -> None:
    with database.unit_of_work() as session:
        posted(session, onhand=2)
        request = SoftReservationRequest(
            "", "LAMP", "SEA", Decimal(1), measure="softreservphysical"
        )
        assert soft_reserve(session, [request], now=NOW, actor="test")[0].ok

    mapping = [["iv", "SoftReservOrdered", "iv", "AvailableToReserve"]]
    with (
        pytest.raises(Invalid, match="iv.softreservphysical has open reservations"),
        database.unit_of_work() as at,
    ):
        apply(kinds, at, reservation_mapping=mapping)

    with database.reading() as session:
        assert (
            inventory_configuration(session).reservation.keys()
            == parse(shipped()).reservation.keys()
        )


def test_a_measure_with_posted_quantities_cannot_become_a_soft_reservation(
    database: Database, kinds: Configuration
) -> None:
    mapping = [["iv", "SoftReservOrdered", "iv", "AvailableToReserve"]]
    with database.unit_of_work() as session:
        apply(kinds, session, reservation_mapping=mapping)
        fact = {("iv", "softreservphysical"): Decimal(2)}
        change = MeasureChange("", "LAMP", "SEA", fact)
        formula = inventory_configuration(session).formula
        assert post_measures(
            session, [change], formula=formula, now=NOW, actor="test", cause="given"
        )[0].ok

    with (
        pytest.raises(Invalid, match="iv.softreservphysical has quantities that were posted"),
        database.unit_of_work() as session,
    ):
        apply(kinds, session)


def test_there_is_one_configuration_and_its_name_is_default(
    database: Database, kinds: Configuration
) -> None:
    document = {"kind": "inventory_configuration", "name": "other", "body": DEFAULT}
    with (
        pytest.raises(Invalid, match="only one inventory configuration"),
        database.unit_of_work() as session,
    ):
        kinds.apply(session, [document], at=NOW, actor="planner")


def posted_by_the_formula(session: Session, **quantities: int) -> None:
    """Post measures as the inventory contract does, by the formula in use."""
    measures = {
        ("pos" if name == "inbound" else "iom", name): Decimal(n) for name, n in quantities.items()
    }
    formula = configuration_for_writing(session).formula
    change = MeasureChange("", "LAMP", "SEA", measures)
    [result] = post_measures(
        session, [change], formula=formula, now=NOW, actor="test", cause="given"
    )
    assert result.ok


def waits_for_the_formula(database: Database) -> bool:
    """Return whether a transaction waits for an advisory lock."""
    query = (
        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    with database.reading() as session:
        return bool(fetch(session, query))


def test_a_formula_waits_for_transactions_that_write_by_the_previous_one(
    database: Database, kinds: Configuration
) -> None:
    def change() -> None:
        with database.unit_of_work() as session:
            apply(kinds, session, **without(("pos", "inbound")))

    with ThreadPoolExecutor(1) as pool:
        with database.unit_of_work() as session:
            posted_by_the_formula(session, onhand=5, inbound=3)
            changing = pool.submit(change)
            deadline = monotonic() + 10
            while not waits_for_the_formula(database):
                assert not changing.done()
                assert monotonic() < deadline

            assert quantities(session) == [(8, 0, 0)]

        changing.result()

    with database.reading() as session:
        assert quantities(session) == [(5, 0, 0)]
        assert fetch(session, (INVARIANTS / "ledger_adds_up_to_stock.sql").read_text()) == []


def test_a_transaction_that_read_the_previous_formula_writes_by_the_new_one(
    database: Database, kinds: Configuration
) -> None:
    inbound = ("pos", "inbound")
    with database.unit_of_work() as writer:
        assert inbound in inventory_configuration(writer).supply

        with database.unit_of_work() as planner:
            apply(kinds, planner, **without(inbound))

        posted_by_the_formula(writer, onhand=5, inbound=3)

    with database.reading() as session:
        assert inbound not in inventory_configuration(session).supply
        assert quantities(session) == [(5, 0, 0)]
        assert fetch(session, (INVARIANTS / "ledger_adds_up_to_stock.sql").read_text()) == []
