"""What a query answers equals a sum over the ledger, however it groups, whoever adds up, and while stock moves."""

from collections import defaultdict
from random import Random
from threading import Thread
from typing import Any

import pytest
from starlette.testclient import TestClient

from openiom.app.application import Application
from openiom.inventory_contract import query_aggregation
from openiom.inventory_visibility import inventory_configuration
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

BASE = "/api/environment/dev"
Row = tuple[str, str, str, str, float]


def filled(client: TestClient, seed: int, count: int) -> list[dict[str, Any]]:
    """Random changes of few products, places, colors and measures, posted in bulks."""
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
        physical = dict(found)
        for calculated, formula in configuration.calculated.items():
            if any(m in physical for m in formula):
                found[calculated] = sum(sign * physical.get(m, 0) for m, sign in formula.items())
    return sums


@pytest.mark.parametrize("group_by", [[], ["colorid"], ["colorid", "sizeid"]])
@pytest.mark.parametrize("most", [20_000, 3])
def test_a_query_equals_the_sum_of_what_was_posted(
    client: TestClient,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    group_by: list[str],
    most: int,
) -> None:
    monkeypatch.setattr(
        query_aggregation, "MANY_ROWS", most
    )  # few: the database groups; many: we do
    records = filled(client, seed=len(group_by), count=600)
    body = {
        "filters": {"organizationId": ["usmf"], "productId": ["P1", "P2", "100%"]},
        "groupByValues": group_by,
        "returnNegative": True,
    }
    rows = client.post(f"{BASE}/onhand/indexquery", json=body).json()
    wanted = expected(records, group_by, database)
    found = {
        (
            r["productId"],
            *(r["dimensions"][name] for name in (*group_by, "siteid", "locationid")),
        ): {
            (source, name): quantity
            for source, ms in r["quantities"].items()
            for name, quantity in ms.items()
        }
        for r in rows
    }
    assert len(found) == len(rows) == len(wanted)
    assert found == {
        key: {m: pytest.approx(q, abs=1e-9) for m, q in ms.items()} for key, ms in wanted.items()
    }
    assert [list(found)] == [sorted(found)]


def test_many_callers_with_the_same_ids_count_each_once_and_see_no_error(
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
            "SELECT count(*), count(DISTINCT event_id), sum(delta)::int FROM inventory_visibility.ledger_entry",
        )[0]
        balance = fetch(
            session, "SELECT sum(quantity)::int FROM inventory_visibility.measure_balance"
        )[0][0]
    assert entries == distinct == units == balance


def test_sets_of_many_callers_end_with_the_newest_word(
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


def test_one_unit_has_one_winner_through_the_contract(
    client: TestClient, application: Application
) -> None:
    where = {"siteId": "1", "locationId": "11"}
    body = {"organizationId": "usmf", "productId": "P1", "dimensions": where}
    client.post(f"{BASE}/onhand", json={**body, "id": "one", "quantities": {"iom": {"onhand": 1}}})
    statuses: list[int] = []

    def buyer(number: int) -> None:
        for i in range(10):
            wish = {**body, "id": f"b-{number}-{i}", "modifier": "SoftReservOrdered", "quantity": 1}
            statuses.append(client.post(f"{BASE}/onhand/reserve", json=wish).status_code)

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
