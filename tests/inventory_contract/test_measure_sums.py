"""Queries equal sums over the ledger in every grouping, and under concurrent changes."""

import sys
from collections import defaultdict
from random import Random
from threading import Thread
from typing import Any

import pytest
from starlette.testclient import TestClient

from openiom.app.application import Application
from openiom.inventory_visibility import (
    InventoryConfiguration,
    inventory_configuration,
)
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

BASE = "/api/environment/dev"
Row = tuple[str, str, str, str, float]


def post_random_changes(client: TestClient, seed: int, count: int) -> list[dict[str, Any]]:
    """Post random changes of a few products, locations, colors and measures; return them."""
    random = Random(seed)
    records = []
    for i in range(count):
        dimensions = {"siteId": "1", "locationId": random.choice("abc")}
        for name, values in (("colorId", ("red", "blue", "")), ("sizeId", ("S", "L", ""))):
            dimensions[name] = random.choice(values)

        source, measure = random.choice((("iom", "onhand"), ("pos", "outbound"), ("iv", "ordered")))
        quantity = random.choice((1, -2, 0.25, 7.1234))
        record = {
            "id": f"{seed}-{i}",
            "organizationId": "usmf",
            "productId": random.choice(("P1", "P2", "100%")),
        }
        records.append(
            {**record, "dimensions": dimensions, "quantities": {source: {measure: quantity}}}
        )

    for start in range(0, count, 512):
        assert (
            client.post(f"{BASE}/onhand/bulk", json=records[start : start + 512]).status_code == 200
        )

    return records


def expected(
    records: list[dict[str, Any]], group_by: list[str], database: Database
) -> dict[Any, dict[Any, float]]:
    with database.reading() as session:
        configuration = inventory_configuration(session)

    sums: dict[Any, dict[Any, float]] = defaultdict(lambda: defaultdict(float))
    for record in records:
        given = {name.lower(): value for name, value in record["dimensions"].items()}
        key = (
            record["productId"],
            *(given.get(name, "") for name in (*group_by, "siteid", "locationid")),
        )
        ((source, measures),) = record["quantities"].items()
        ((measure, quantity),) = measures.items()
        sums[key][source, measure] += quantity

    for found in sums.values():
        add_calculated_measures(found, configuration)

    return sums


def add_calculated_measures(
    quantities: dict[Any, float], configuration: InventoryConfiguration
) -> None:
    physical = dict(quantities)
    for source in configuration.sources.values():
        for measure in source.physical:
            quantities.setdefault((source.name, measure), 0.0)

    for calculated, formula in configuration.calculated.items():
        quantities[calculated] = 0.0
        for measure, sign in formula.items():
            quantities[calculated] += sign * physical.get(measure, 0)


def found_quantities(row: dict[str, Any]) -> dict[tuple[str, str], float]:
    """Return the quantities of a row by data source and measure."""
    found = {}
    for source, measures in row["quantities"].items():
        for name, quantity in measures.items():
            found[source, name] = quantity
    return found


@pytest.mark.parametrize("group_by", [[], ["colorid"], ["colorid", "sizeid"]])
@pytest.mark.parametrize("max_rows", [20_000, 3])
def test_a_query_equals_the_sum_of_the_posted_changes(
    client: TestClient,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    group_by: list[str],
    max_rows: int,
) -> None:
    # With more rows than the limit the database adds the sums, otherwise the process does.
    module = "openiom.inventory_visibility.availability.measure_sums"
    monkeypatch.setattr(sys.modules[module], "MAX_UNGROUPED_ROWS", max_rows)
    records = post_random_changes(client, seed=len(group_by), count=600)
    body = {
        "filters": {"organizationId": ["usmf"], "productId": ["P1", "P2", "100%"]},
        "groupByValues": group_by,
        "returnNegative": True,
    }
    rows = client.post(f"{BASE}/onhand/indexquery", json=body).json()
    wanted = expected(records, group_by, database)

    found = {}
    for row in rows:
        dimensions = [row["dimensions"][name] for name in (*group_by, "siteid", "locationid")]
        found[row["productId"], *dimensions] = found_quantities(row)

    assert len(found) == len(rows) == len(wanted)
    for key, quantities in wanted.items():
        assert found[key] == pytest.approx(quantities, abs=1e-9)

    assert list(found) == sorted(found)


def test_concurrent_requests_with_the_same_ids_count_each_id_once(
    client: TestClient, application: Application
) -> None:
    def record(number: int) -> dict[str, Any]:
        where = {"siteId": "1", "locationId": str(number % 3)}
        change = {
            "id": f"e-{number}",
            "organizationId": "usmf",
            "productId": f"P{number % 7}",
            "dimensions": where,
        }
        return {**change, "quantities": {"iom": {"onhand": 1}}}

    statuses: list[int] = []

    def caller(seed: int) -> None:
        random = Random(seed)
        for _ in range(6):
            records = [record(random.randrange(200)) for _ in range(40)]
            answers = client.post(f"{BASE}/onhand/bulk", json=records)
            statuses.append(answers.status_code)
            statuses.extend(a["statusCode"] for a in answers.json())
            one = client.post(f"{BASE}/onhand", json=record(random.randrange(200)))
            statuses.append(one.status_code)

    threads = [Thread(target=caller, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert set(statuses) == {200}
    with application.database.reading() as session:
        entries, distinct, units = fetch(
            session,
            "SELECT count(*), count(DISTINCT event_id), sum(delta)::int"
            " FROM inventory_visibility.ledger_entry",
        )[0]
        balance = fetch(
            session, "SELECT sum(quantity)::int FROM inventory_visibility.measure_balance"
        )[0][0]

    assert entries == distinct == units == balance


def test_concurrent_sets_end_with_the_newest_value(
    client: TestClient, application: Application
) -> None:
    def caller(offset: int) -> None:
        for minute in range(offset, 60, 6):
            record = {
                "id": f"s-{minute}",
                "organizationId": "usmf",
                "productId": "P1",
                "dimensions": {"siteId": "1", "locationId": "11"},
                "quantities": {"pos": {"inbound": minute}},
                "modifiedDateTimeUTC": f"2026-01-01T00:{minute:02d}:00Z",
            }
            assert (
                client.post(f"{BASE}/setonhand/pos/bulk", json=[record]).json()[0]["statusCode"]
                == 200
            )

    threads = [Thread(target=caller, args=(offset,)) for offset in range(6)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    with application.database.reading() as session:
        assert fetch(session, "SELECT quantity::int FROM inventory_visibility.measure_balance") == [
            (59,)
        ]


def test_one_unit_is_reserved_once_by_concurrent_requests(
    client: TestClient, application: Application
) -> None:
    where = {"siteId": "1", "locationId": "11"}
    body = {"organizationId": "usmf", "productId": "P1", "dimensions": where}
    client.post(f"{BASE}/onhand", json={**body, "id": "one", "quantities": {"iom": {"onhand": 1}}})
    statuses: list[int] = []

    def buyer(number: int) -> None:
        for i in range(10):
            request = {
                **body,
                "id": f"b-{number}-{i}",
                "modifier": "SoftReservOrdered",
                "quantity": 1,
            }
            statuses.append(client.post(f"{BASE}/onhand/reserve", json=request).status_code)

    threads = [Thread(target=buyer, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200, *[409] * 119]
    with application.database.reading() as session:
        assert fetch(
            session, "SELECT sum(on_hand)::int, sum(reserved)::int FROM inventory_visibility.stock"
        ) == [(1, 1)]
