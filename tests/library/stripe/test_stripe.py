"""Stripe: form-encoded calls, once per key, amounts of every currency, and errors."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from tests.library.stripe.fake_stripe import KEY, Books, fake_stripe

from openiom.kernel import ProviderDown, ProviderRejected
from openiom.library.stripe import PROVIDER
from openiom.library.stripe.amounts import stripe_amount
from openiom.library.stripe.connector import Stripe
from openiom.provider_contract import PaymentCall
from openiom.testing import ExternalSystem, connect, provider_contract, unreachable_address
from openiom_simulators import RunningServer, running


def connection(url: str, key: str = KEY) -> dict[str, str]:
    return {"api_url": url, "secret_key": key}


@contextmanager
def running_stripe() -> Iterator[RunningServer]:
    with running(fake_stripe()) as (server,):
        yield server


@contextmanager
def site() -> Iterator[ExternalSystem]:
    with running_stripe() as server:
        host, port = unreachable_address()
        yield ExternalSystem(
            connection(server.url),
            connection(server.url, "sk_test_wrong"),
            connection(f"http://{host}:{port}"),
        )


class TestContract(
    provider_contract(PROVIDER, golden=Path(__file__).with_name("golden"), site=site)
):
    """The tests that every provider must pass."""


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with running_stripe() as one:
        yield one


@pytest.fixture
def books(server: RunningServer) -> Books:
    found: Books = server.app.state.books
    found.intent("pi_1", 5000)
    return found


@pytest.fixture
def stripe(server: RunningServer) -> Iterator[Stripe]:
    with closing(connect(PROVIDER, connection(server.url))) as connector:
        yield connector


def call(key: str, amount: str, *, attempt: int = 1, reference: str = "pi_1") -> PaymentCall:
    return PaymentCall(
        key=key,
        reference=reference,
        amount=Decimal(amount),
        minor_units=int(Decimal(amount) * 100),
        currency="USD",
        order="1001",
        reason="damaged",
        attempt=attempt,
    )


def fault(server: RunningServer, kind: str) -> None:
    url = f"{server.url}/_sim/faults"
    body = {"kind": kind, "count": 1, "seconds": 0.05}
    httpx.post(url, json=body).raise_for_status()


def test_each_shipment_is_captured_and_the_rest_canceled(books: Books, stripe: Stripe) -> None:
    assert stripe.capture(call("k1", "20.00")) == "ch_pi_1"
    stripe.capture(call("k2", "10.00"))
    stripe.void(call("k3", "20.00"))
    intent = books.intents["pi_1"]
    assert (intent["amount_received"], intent["amount_capturable"]) == (3000, 0)
    assert intent["status"] == "canceled"


def test_a_repeated_key_captures_nothing_more(books: Books, stripe: Stripe) -> None:
    stripe.capture(call("k1", "20.00"))
    stripe.capture(call("k1", "20.00"))
    assert books.intents["pi_1"]["amount_received"] == 2000


def test_a_key_that_stripe_has_forgotten_captures_nothing_more(
    books: Books, stripe: Stripe
) -> None:
    stripe.capture(call("k1", "20.00"))
    books.responses.clear()
    assert stripe.capture(call("k1", "20.00", attempt=2)) == "ch_pi_1"
    assert books.intents["pi_1"]["amount_received"] == 2000


def test_a_refund_that_stripe_has_forgotten_is_found_by_its_metadata(
    books: Books, stripe: Stripe
) -> None:
    stripe.capture(call("k1", "20.00"))
    first = stripe.refund(call("k2", "5.00"))
    books.responses.clear()
    assert stripe.refund(call("k2", "5.00", attempt=2)) == first
    assert stripe.refund(call("k3", "5.00", attempt=2)) != first
    assert [refund["amount"] for refund in books.refunds] == [500, 500]
    assert books.refunds[0]["metadata"]["order"] == "1001"


def test_without_multicapture_the_first_capture_releases_the_rest(
    server: RunningServer, books: Books
) -> None:
    books.intent("pi_2", 5000, multicapture=False)
    with closing(connect(PROVIDER, connection(server.url), {"multicapture": False})) as stripe:
        stripe.capture(call("k1", "20.00", reference="pi_2"))
        stripe.void(call("k2", "30.00", reference="pi_2"))
        with pytest.raises(ProviderRejected, match="status of succeeded"):
            stripe.capture(call("k3", "10.00", reference="pi_2"))
    assert books.intents["pi_2"]["amount_received"] == 2000


@pytest.mark.parametrize(
    ("more", "message", "remedy"),
    [
        ({"declines": True}, "insufficient_funds", "arrange another payment with the customer"),
        ({"expired": True}, "expired", "arrange another payment with the customer"),
        ({"status": "canceled"}, "canceled", "arrange another payment with the customer"),
    ],
)
def test_a_refusal_says_what_to_do(
    books: Books, stripe: Stripe, more: dict[str, object], message: str, remedy: str
) -> None:
    books.intent("pi_3", 5000, **more)
    with pytest.raises(ProviderRejected, match=message) as error:
        stripe.capture(call("k1", "20.00", reference="pi_3"))
    assert error.value.remedy == remedy


def test_an_unknown_payment_intent_is_refused(stripe: Stripe, books: Books) -> None:
    with pytest.raises(ProviderRejected, match="No such payment_intent"):
        stripe.capture(call("k1", "20.00", reference="pi_other"))


def test_more_than_was_captured_is_not_refunded(stripe: Stripe, books: Books) -> None:
    with pytest.raises(ProviderRejected, match="greater than the unrefunded amount"):
        stripe.refund(call("k1", "20.00"))


def test_an_outage_leaves_the_outcome_unknown(
    server: RunningServer, books: Books, stripe: Stripe
) -> None:
    for kind in ("server_error", "garbage"):
        fault(server, kind)
        with pytest.raises(ProviderDown) as error:
            stripe.capture(call(kind, "1.00"))
        assert error.value.retry_after is None


def test_a_rate_limit_is_a_pause(server: RunningServer, books: Books, stripe: Stripe) -> None:
    fault(server, "rate_limited")
    with pytest.raises(ProviderDown) as error:
        stripe.capture(call("k1", "1.00"))
    assert error.value.retry_after


def test_a_key_with_other_parameters_has_an_unknown_outcome(stripe: Stripe, books: Books) -> None:
    stripe.capture(call("k1", "20.00"))
    with pytest.raises(ProviderDown, match="same parameters") as error:
        stripe.capture(call("k1", "21.00"))
    assert error.value.retry_after is None


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        ("12.34", "USD", 1234),
        ("500", "JPY", 500),
        ("5", "MGA", 5),
        ("5", "ISK", 500),
        ("5", "UGX", 500),
        ("5.120", "KWD", 5120),
    ],
)
def test_amounts_in_the_units_of_stripe(amount: str, currency: str, units: int) -> None:
    assert stripe_amount(Decimal(amount), currency) == units


@pytest.mark.parametrize(("amount", "currency"), [("5.124", "KWD"), ("5.20", "MGA")])
def test_an_amount_that_stripe_cannot_express_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(ProviderRejected, match="cannot express"):
        stripe_amount(Decimal(amount), currency)
