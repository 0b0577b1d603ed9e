"""
A quote that names a carrier asks its connection for live rates, and has something to say when
the carrier does not answer.
"""

from collections.abc import Iterator
from time import monotonic
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient
from tests.fulfillment_optimization.quote_setup import (
    CHICAGO,
    SEATTLE,
    doc,
    goods,
    put,
    source,
    stock,
    stock_hash,
)

from openiom.app.application import Application
from openiom.platform.bulk import fetch
from openiom_simulators import (
    CarrierOptions,
    RunningServer,
    carrier_application,
    serve_in_thread,
    simulator_process,
)

URL = "/api/v1/sourcing/quote"
GROUND = {"name": "ground", "title": "Ground", "bands": [{"zone": "any", "days": 3}]}
FREIGHT = {"name": "freight", "title": "Freight", "bands": [{"zone": "any", "days": 9}]}
FACTOR = {
    "name": "markup",
    "rate_factor": 10,
    "fallback_weight": 5,
    "fallback_rate": 8,
    "fallback_increment": 0.75,
}
TABLE = {
    "title": "Table",
    "zones": [{"name": "all"}],
    "prices": [{"zone": "all", "up_to_kg": 50, "price": 99}],
    "factors": [FACTOR],
}


@pytest.fixture
def carrier() -> Iterator[RunningServer]:
    with serve_in_thread(carrier_application(CarrierOptions(token="t"))) as running:
        yield running


def connected(
    application: Application, url: str, token: str = "t", *services: dict[str, Any]
) -> None:
    put(
        application,
        *goods("LAMP", "SHADE"),
        doc("rate_table", "table", **TABLE),
        doc("strategy", "default", title="Default", rate_table="table", allow_partial=True),
        doc(
            "provider_instance",
            "acme",
            provider="demo_carrier",
            title="Acme",
            connection={"url": url, "token": token},
        ),
        doc(
            "carrier", "acme", title="Acme", services=list(services) or [GROUND], live_rates="acme"
        ),
        source("SEA", SEATTLE, type="store"),
        source("CHI", CHICAGO, type="warehouse"),
    )
    stock(application.database, LAMP_SEA=50, SHADE_CHI=50)


def rates(client: TestClient, **units: int) -> list[dict[str, Any]]:
    lines = [{"line_id": p, "product": p, "quantity": n} for p, n in units.items()]
    answer = client.post(URL, json={"destination": SEATTLE, "lines": lines, "carrier": "acme"})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["carrier"]["rates"]
    assert answer.json()["carrier"]["is_fallback"] == any(rate["is_fallback"] for rate in found)
    return found


def test_the_rate_factor_applies_to_everything_the_carrier_bills(
    application: Application, client: TestClient, carrier: RunningServer
) -> None:
    """
    2 kg next door: 5.00 + 0.45 x 2 = 5.90, fuel 8 % 0.47, home 2.50: 8.87; 10 % of that is 0.89.
    """
    connected(application, carrier.url)
    before = stock_hash(application.database)
    [rate] = rates(client, LAMP=1)
    assert (rate["live"], rate["is_fallback"], rate["reason"]) == (True, False, "")
    assert (rate["base"], rate["zone"], rate["weight"], rate["currency"]) == (5.9, "2", 2.0, "USD")
    assert [(s["name"], s["amount"]) for s in rate["surcharges"]] == [
        ("fuel", 0.47),
        ("residential", 2.5),
        ("markup", 0.89),
    ]
    assert rate["net"] == 9.76
    assert stock_hash(application.database) == before


def test_every_parcel_is_asked_for_once_whatever_services_there_are(
    application: Application, client: TestClient, carrier: RunningServer
) -> None:
    connected(application, carrier.url, "t", GROUND, FREIGHT)
    found = rates(client, LAMP=1, SHADE=2)
    asked = {one["reference"]: one for one in carrier.app.state.rate_requests}
    assert (sorted(asked), len(carrier.app.state.rate_requests)) == (["CHI", "SEA"], 2)
    assert (asked["CHI"]["weight_kg"], asked["CHI"]["destination"]["postal_code"]) == (4.0, "98101")
    told = {(r["source"], r["service"]): (r["live"], r["reason"]) for r in found}
    assert told["CHI", "ground"] == (True, "")
    assert told["CHI", "freight"] == (
        False,
        "the carrier has no rate of this service for the parcel",
    )


def test_a_failing_carrier_gets_the_fallback_rate(
    application: Application, client: TestClient, carrier: RunningServer
) -> None:
    """
    Threshold 5, rate 8, increment 0.75, weight 10: 11.75, without the factor, though the table has
    a price.
    """
    connected(application, carrier.url)
    for fault in ("server_error", "garbage"):
        httpx.post(f"{carrier.url}/_sim/faults", json={"kind": fault}, trust_env=False)
        [rate] = rates(client, LAMP=5)
        assert (rate["weight"], rate["base"], rate["net"], rate["surcharges"]) == (
            10.0,
            11.75,
            11.75,
            [],
        )
        assert (rate["is_fallback"], rate["live"]) == (True, False)
        assert rate["reason"].startswith("the carrier did not answer: ")
        httpx.delete(f"{carrier.url}/_sim/faults", trust_env=False)

    assert rates(client, LAMP=5)[0]["live"]


def test_a_slow_carrier_delays_a_quote_no_longer_than_its_timeout(
    application: Application, client: TestClient, carrier: RunningServer
) -> None:
    connected(application, carrier.url)
    rates(client, LAMP=1)
    httpx.post(f"{carrier.url}/_sim/faults", json={"kind": "slow", "seconds": 30}, trust_env=False)
    started = monotonic()
    found = rates(client, LAMP=5, SHADE=5)
    was_backordered = monotonic() - started
    assert {(r["net"], r["is_fallback"], r["reason"]) for r in found} == {
        (11.75, True, "the carrier did not answer: no rate within 1.5 s")
    }
    assert 1.4 < was_backordered < 6


def test_a_quote_without_a_carrier_calls_no_provider(
    application: Application, client: TestClient, carrier: RunningServer
) -> None:
    connected(application, carrier.url)
    httpx.post(f"{carrier.url}/_sim/faults", json={"kind": "slow", "seconds": 30}, trust_env=False)
    lines = [{"line_id": "1", "product": "LAMP", "quantity": 1}]
    answer = client.post(URL, json={"destination": SEATTLE, "lines": lines}).json()
    assert (answer["carrier"], len(answer["plan"]["lines"]), carrier.app.state.rate_requests) == (
        None,
        1,
        [],
    )


def test_no_transaction_is_open_while_the_carrier_thinks(
    application: Application,
    client: TestClient,
    carrier: RunningServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connected(application, carrier.url)
    seen = []
    ask = application.rates._pool

    def looking(*given: Any) -> Any:
        with application.database.reading() as session:
            query = (
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND state LIKE %s"
            )
            seen.append(
                fetch(session, query + " AND pid <> pg_backend_pid()", ("idle in transaction%",))[
                    0
                ][0]
            )

        return ask(*given)

    monkeypatch.setattr(application.rates, "_pool", looking)
    assert rates(client, LAMP=1)[0]["live"]
    assert seen == [0]


@pytest.mark.parametrize(("token", "instance"), [("wrong", "acme"), ("t", "nobody")])
def test_a_refused_or_missing_connection_is_the_reason_of_the_fallback(
    application: Application, client: TestClient, carrier: RunningServer, token: str, instance: str
) -> None:
    connected(application, carrier.url, token)
    put(application, doc("carrier", "acme", title="Acme", services=[GROUND], live_rates=instance))
    [rate] = rates(client, LAMP=5)
    assert (rate["net"], rate["is_fallback"]) == (11.75, True)
    assert rate["reason"].startswith("the carrier did not answer: ")


def test_the_carrier_is_a_process_of_its_own_that_the_log_of_calls_knows(
    application: Application, client: TestClient
) -> None:
    with simulator_process("carrier", ["--token", "t"]) as process:
        connected(application, process.url)
        assert rates(client, LAMP=1)[0]["live"]
        application.rates.close()  # ends when the log is written
        application.registry.calls.flush(application.database)

    with application.database.reading() as session:
        rows = fetch(
            session,
            "SELECT action, method, status FROM providers.outbound_request WHERE instance = 'acme'",
        )

    assert ("rate", "POST", 200) in rows
