"""The demo payment provider: once per key, and clear errors."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from openiom.kernel import ProviderDown, ProviderRejected, from_minor_units
from openiom.library.demo_payments import PROVIDER
from openiom.library.demo_payments.connector import DemoPayments
from openiom.provider_contract import PaymentCall
from openiom.testing import ExternalSystem, connect, provider_contract, unreachable_address
from openiom_simulators import PaymentsOptions, RunningServer, payments_application, running

TOKEN = "payments-token-1"


def connection(url: str, token: str = TOKEN) -> dict[str, str]:
    return {"url": url, "token": token}


@contextmanager
def running_payments() -> Iterator[RunningServer]:
    with running(payments_application(PaymentsOptions(token=TOKEN, name="Northwind Pay"))) as (
        payments,
    ):
        yield payments


@contextmanager
def site() -> Iterator[ExternalSystem]:
    with running_payments() as payments:
        host, port = unreachable_address()
        yield ExternalSystem(
            connection(payments.url),
            connection(payments.url, "wrong-token"),
            connection(f"http://{host}:{port}"),
        )


class TestContract(
    provider_contract(PROVIDER, golden=Path(__file__).with_name("golden"), site=site)
):
    """The tests that every provider must pass."""


@pytest.fixture
def payments() -> Iterator[RunningServer]:
    with running_payments() as one:
        yield one


@pytest.fixture
def account(payments: RunningServer) -> Iterator[DemoPayments]:
    with closing(connect(PROVIDER, connection(payments.url))) as connector:
        yield connector


def call(key: str, units: int, reference: str = "checkout-5000-USD-1") -> PaymentCall:
    amount: Decimal = from_minor_units(units, "USD")
    return PaymentCall(key, reference, amount, units, "USD", order="1001")


def balances(payments: RunningServer, reference: str = "checkout-5000-USD-1") -> dict[str, Any]:
    totals: dict[str, Any] = payments.app.state.ledger.totals(reference)
    return totals


def test_a_capture_is_executed_once_per_key(payments: RunningServer, account: DemoPayments) -> None:
    first = account.execute("capture", call("k1", 2000))
    assert account.execute("capture", call("k1", 2000)) == first
    account.execute("capture", call("k2", 1000))
    assert balances(payments)["captured"] == 3000


def test_a_refund_and_a_void(payments: RunningServer, account: DemoPayments) -> None:
    account.execute("capture", call("k1", 2000))
    account.execute("refund", call("k2", 500))
    account.execute("void", call("k3", 3000))
    found = balances(payments)
    assert (found["captured"], found["refunded"], found["capturable"]) == (2000, 500, 0)


@pytest.mark.parametrize(
    ("kind", "units", "reference", "message"),
    [
        ("capture", 5001, "checkout-5000-USD-1", "which may be captured"),
        ("refund", 1, "checkout-5000-USD-1", "which may be refunded"),
        ("capture", 100, "checkout-5000-USD-declined", "declined"),
        ("capture", 100, "unknown", "no authorization"),
        ("capture", 100, "checkout-5000-EUR-1", "is in EUR"),
    ],
)
def test_a_refusal_is_final_and_says_why(
    account: DemoPayments, kind: str, units: int, reference: str, message: str
) -> None:
    with pytest.raises(ProviderRejected, match=message):
        account.execute(kind, call("k1", units, reference))


def test_an_expired_authorization_is_refused(
    payments: RunningServer, account: DemoPayments
) -> None:
    body = {"id": "old", "amount": 100, "currency": "USD", "expires_at": 1.0}
    headers = {"authorization": f"Bearer {TOKEN}"}
    httpx.post(f"{payments.url}/v1/authorizations", json=body, headers=headers).raise_for_status()
    with pytest.raises(ProviderRejected, match="expired") as error:
        account.execute("capture", call("k1", 100, "old"))
    assert error.value.remedy == "arrange another payment with the customer"


def test_a_rate_limit_is_a_pause_and_an_outage_is_unknown(
    payments: RunningServer, account: DemoPayments
) -> None:
    url = f"{payments.url}/_sim/faults"
    httpx.post(url, json={"kind": "server_error", "count": 1}).raise_for_status()
    with pytest.raises(ProviderDown) as error:
        account.execute("capture", call("k1", 100))
    assert error.value.retry_after is None

    httpx.post(url, json={"kind": "rate_limited", "count": 1, "seconds": 2}).raise_for_status()
    with pytest.raises(ProviderDown) as error:
        account.execute("capture", call("k1", 100))
    assert error.value.retry_after == 2
    assert balances(payments)["captured"] == 0
