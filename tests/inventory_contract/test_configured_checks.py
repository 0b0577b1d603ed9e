"""A reservation with a check is granted exactly what the configured measure shows, whatever
happened before, under several configurations.
"""

from copy import deepcopy
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.inventory_contract.contract_client import BASE, configure, post, quantities
from tests.inventory_visibility.invariants import check, violations

from openiom.app.application import Application
from openiom.inventory_visibility.default_configuration import DEFAULT
from openiom.inventory_visibility.ledger.reconciliation import ReconciliationWorker, ledger_health
from openiom.platform.bulk import execute
from openiom.platform.database import Database

NUMBERS = count(1)
PLACE = {"siteId": "1", "locationId": "11"}
BIKE = {"productId": "Bike", "organizationId": "usmf"}
SOFT = "-iv.SoftReservOrdered -iv.SoftReservPhysical"
FORMULAS = {
    "allocations are kept back": f"+iom.OnHand +pos.Inbound {SOFT} -@iv.@allocated",
    "consumed units count again": f"+iom.OnHand +pos.Inbound {SOFT} -@iv.@allocated +@iv.@consumed",
    "outbound is subtracted": f"+iom.OnHand +pos.Inbound -pos.Outbound {SOFT}",
    "hard reservations are subtracted": f"+pos.Inbound +iom.OnHand -iv.ReservOrdered {SOFT}",
}


def formula_changes(formula: str, **calculated: str) -> dict[str, Any]:
    """Return the configuration with another AvailableToReserve, and other measures of `iv`."""
    sources = deepcopy(DEFAULT["data_sources"])
    for name, terms in {"AvailableToReserve": formula, **calculated}.items():
        source = "@iv" if name.startswith("@") else "iv"
        parsed = []
        for term in terms.split():
            operation = "Addition" if term[0] == "+" else "Subtraction"
            parsed.append([operation, *term[1:].split(".", 1)])
        sources[source]["calculated_measures"][name] = parsed
    return {"data_sources": sources}


def change(client: TestClient, dimensions: dict[str, str] = PLACE, **measures: float) -> None:
    """Add to measures such as `pos__inbound=10`."""
    given: dict[str, dict[str, float]] = {}
    for name, quantity in measures.items():
        source, measure = name.split("__")
        given.setdefault(source, {})[measure] = quantity
    body = BIKE | {"id": f"c-{next(NUMBERS)}", "dimensions": dimensions, "quantities": given}
    post(client, "/onhand", body)


def operate(client: TestClient, kind: str, quantity: float, **more: Any) -> Any:
    body = BIKE | {"id": f"a-{next(NUMBERS)}", "dimensions": PLACE, "quantity": quantity, **more}
    return client.post(f"{BASE}/allocation/{kind}", json={"groups": {"channel": "web"}, **body})


def reserve(client: TestClient, quantity: float, **more: Any) -> int:
    body = {
        **BIKE,
        "id": f"r-{next(NUMBERS)}",
        "dimensions": PLACE,
        "quantityDataSource": "iv",
        "modifier": "SoftReservOrdered",
        "quantity": quantity,
        **more,
    }
    return client.post(f"{BASE}/onhand/reserve", json=body).status_code


def available(client: TestClient) -> float:
    """Return AvailableToReserve at the place, as a query shows it."""
    shown = quantities(client, "Bike", siteId="1", locationId="11")
    return float(shown.get("iv", {}).get("availabletoreserve", 0))


def reconciled(database: Database) -> list[str]:
    """Return the columns that reconciliation finds wrong."""
    ReconciliationWorker().run_once(database, limit=1, now=datetime(2026, 11, 21, tzinfo=UTC))
    with database.reading() as session:
        return [found.column for found in ledger_health(session).wrong]


def test_allocated_units_are_kept_from_a_reservation_when_the_formula_subtracts_them(
    client: TestClient, application: Application
) -> None:
    configure(client, **formula_changes(FORMULAS["allocations are kept back"]))
    change(client, pos__inbound=10)
    assert operate(client, "allocate", 8).status_code == 200
    assert available(client) == 2
    assert reserve(client, 3) == 409
    assert reserve(client, 2) == 200
    assert available(client) == 0
    check(application.database)
    assert reconciled(application.database) == []


def test_the_answer_is_the_same_when_the_configuration_came_after_the_allocation(
    client: TestClient, application: Application
) -> None:
    change(client, pos__inbound=10)
    assert operate(client, "allocate", 8).status_code == 200
    configure(client, **formula_changes(FORMULAS["allocations are kept back"]))
    assert (available(client), reserve(client, 3), reserve(client, 2)) == (2, 409, 200)
    configure(client)
    assert (available(client), reserve(client, 8)) == (8, 200)
    check(application.database)


def test_without_a_check_more_is_reserved_than_the_formula_leaves(client: TestClient) -> None:
    configure(client, **formula_changes(FORMULAS["allocations are kept back"]))
    change(client, pos__inbound=10)
    operate(client, "allocate", 8)
    assert reserve(client, 3, ifCheckAvailForReserv=False) == 200
    assert available(client) == -1
    assert reserve(client, 1) == 409


def test_allocated_units_are_consumed_although_the_formula_keeps_them_back(
    client: TestClient, application: Application
) -> None:
    formula = FORMULAS["allocations are kept back"]
    configure(client, **formula_changes(formula, **{"@available_to_allocate": formula}))
    change(client, pos__inbound=10)
    operate(client, "allocate", 8)
    soft = {"iv": {"softreserved": "Addition"}}
    assert operate(client, "consume", 3, physicalMeasures=soft).status_code == 200
    assert available(client) == 2
    assert (reserve(client, 3), reserve(client, 2)) == (409, 200)
    check(application.database)


def test_a_measure_outside_the_allocation_formula_is_consumed_as_published(
    client: TestClient, application: Application
) -> None:
    allocatable = "+iom.OnHand +pos.Inbound -@iv.@allocated"
    changes = formula_changes(
        FORMULAS["outbound is subtracted"], **{"@available_to_allocate": allocatable}
    )
    configure(client, **changes)
    change(client, pos__inbound=10)
    operate(client, "allocate", 8)
    soft = {"iv": {"softreserved": "Addition"}}
    assert operate(client, "consume", 3, physicalMeasures=soft).status_code == 200
    outbound = {"pos": {"outbound": "Addition"}}
    assert operate(client, "consume", 2, physicalMeasures=outbound).status_code == 200
    shown = quantities(client, "Bike", siteId="1", locationId="11")
    assert (shown["iv"]["softreserved"], shown["pos"]["outbound"]) == (3, 2)
    assert shown["@iv"]["@allocated"] == 3

    released = {"iv": {"softreservordered": "Subtraction"}}
    refused = operate(client, "consume", 1, physicalMeasures=released)
    assert "is a soft reservation: consume it with Addition" in refused.text
    check(application.database)


@pytest.mark.parametrize("name", FORMULAS)
def test_a_reservation_is_granted_exactly_what_the_measure_shows(
    client: TestClient, application: Application, name: str
) -> None:
    random = Random(name)
    configure(client, **formula_changes(FORMULAS[name]))
    change(client, iom__onhand=5, pos__inbound=20)
    granted = 0

    for number in range(40):
        act = random.choice(("change", "allocate", "consume", "reserve", "reserve", "configure"))
        units = random.randint(1, 6)
        if act == "change":
            measure = random.choice(("pos__inbound", "pos__outbound", "iv__reservordered"))
            change(client, **{measure: units})
        elif act == "configure":
            formula = FORMULAS[name] if number % 2 else random.choice(list(FORMULAS.values()))
            configure(client, **formula_changes(formula))
        elif act == "reserve":
            free = available(client)
            expected = 200 if units <= free else 409
            assert reserve(client, units) == expected, (number, units, free)
            granted += expected == 200
        else:
            operate(client, act, units)

    assert granted
    check(application.database)
    assert reconciled(application.database) == []


def test_a_wrong_balance_is_found_under_any_configuration(
    client: TestClient, application: Application
) -> None:
    database = application.database
    configure(client, **formula_changes(FORMULAS["outbound is subtracted"]))
    change(client, pos__inbound=10)
    assert violations(database, "on_hand_matches_formula") == []
    assert reconciled(database) == []

    with database.unit_of_work() as session:
        # As a writer that does not know the formula would post it: the ledger adds up.
        execute(
            session,
            "INSERT INTO inventory_visibility.ledger_entry (stock_id, recorded_at, data_source,"
            " measure, delta, on_hand_sign, cause, document, actor)"
            " SELECT stock_id, now(), data_source, measure, -6, 0, 'test', '', 'test'"
            " FROM inventory_visibility.measure_balance WHERE measure = 'inbound'",
        )
        execute(
            session,
            "UPDATE inventory_visibility.measure_balance SET quantity = 4"
            " WHERE measure = 'inbound'",
        )

    ((_, product, _, _, on_hand, by_formula, *_),) = violations(database, "on_hand_matches_formula")
    assert (product, on_hand, by_formula) == ("Bike", 10, 4)
    assert reconciled(database) == ["on_hand_by_formula"]
    assert violations(database, "ledger_adds_up_to_stock") == []


def test_the_published_mapping_of_reservations_is_accepted(client: TestClient) -> None:
    configure(
        client,
        reservation_mapping=[["iv", "SoftReservPhysical", "iv", "AvailableToReserve"]],
    )
    change(client, iom__onhand=4)
    assert reserve(client, 1, modifier="SoftReservPhysical") == 200
    assert reserve(client, 2) == 200, "orders reserve this measure"
    assert reserve(client, 2) == 409
    assert available(client) == 1
