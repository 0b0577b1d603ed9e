"""The contract finds connectors that make a mistake in a probe, a refusal or an outage."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from openiom.kernel import Invalid, ProviderDown, ProviderRejected, ProviderUnauthorized
from openiom.policies import MappingKey, Transformed
from openiom.provider_contract import Connection, OutboundRequest, ProbeResult, Provider
from openiom.testing import (
    ExternalSystem,
    ProviderContract,
    RecordedCalls,
    connect,
    provider_contract,
)
from openiom.testing.golden import resolved

AT = datetime(2026, 3, 1, tzinfo=UTC)
GOOD = {"url": "http://store.test", "token": "good-token"}
REFUSED = {"url": "http://store.test", "token": "bad-token"}
DOWN = {"url": "http://nowhere.test", "token": "good-token"}
SITE = ExternalSystem(good=GOOD, refused=REFUSED, down=DOWN)


class StoreConnection(BaseModel):
    """An account of the store."""

    model_config = ConfigDict(extra="forbid")

    url: str
    token: SecretStr
    region: str = "eu"


class StoreParameters(BaseModel):
    """Parameters of the store."""

    model_config = ConfigDict(extra="forbid")

    days: int = 7


class LenientConnection(BaseModel):
    """A form that accepts what it does not know."""

    url: str = ""


class StoreConnector:
    """A connector that does what the contract asks; subclasses make one mistake each."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.is_closed = False

    def probe(self) -> ProbeResult:
        if self.connection.connection["url"] == DOWN["url"]:
            self.report("no route to host")
            raise self.outage()
        if self.connection.connection["token"] != GOOD["token"]:
            self.report("")
            raise self.refusal()
        self.report("")
        return self.result()

    def report(self, error: str) -> None:
        url = f"{self.connection.connection['url']}/account"
        self.connection.report(
            OutboundRequest(
                method="GET",
                url=url,
                status=None if error else 200,
                milliseconds=3,
                started_at=AT,
                error=error,
            )
        )

    def outage(self) -> Exception:
        return ProviderDown("the store does not respond")

    def refusal(self) -> Exception:
        return ProviderUnauthorized("the store refuses the token")

    def result(self) -> ProbeResult:
        return ProbeResult(account="Store 7", scopes=("orders",))

    def close(self) -> None:
        self.is_closed = True


class NamelessConnector(StoreConnector):
    def result(self) -> ProbeResult:
        return ProbeResult(account="")


class UnscopedConnector(StoreConnector):
    def result(self) -> ProbeResult:
        return ProbeResult(account="Store 7", missing_scopes=("orders:write",))


class SilentConnector(StoreConnector):
    def report(self, error: str) -> None:
        """Report nothing."""


class TalkativeConnector(StoreConnector):
    def report(self, error: str) -> None:
        token = self.connection.connection["token"]
        url = f"http://store.test/account?token={token}"
        self.connection.report(OutboundRequest("GET", url, 200, 3, AT, error=error))


class PatientConnector(StoreConnector):
    def refusal(self) -> Exception:
        return ProviderDown("try the token later")


class QuotingConnector(StoreConnector):
    def refusal(self) -> Exception:
        return ProviderUnauthorized(f"unknown token {self.connection.connection['token']}")


class HastyConnector(StoreConnector):
    def outage(self) -> Exception:
        return ProviderRejected("the store does not exist")


class BlandConnector(StoreConnector):
    def report(self, error: str) -> None:
        super().report("")


class CarelessConnector(StoreConnector):
    def probe(self) -> ProbeResult:
        self.report("")
        return self.result()


def store(connector: Callable[[Connection], Any] = StoreConnector, **changes: Any) -> Provider:
    values: dict[str, Any] = {
        "name": "store",
        "title": "Store",
        "category": "fulfillment",
        "description": "A store for tests.",
        "connection": StoreConnection,
        "parameters": StoreParameters,
        "connect": connector,
    }
    return Provider(**{**values, **changes})


def contract(provider: Provider, site: ExternalSystem = SITE) -> ProviderContract:
    @contextmanager
    def open_site() -> Iterator[ExternalSystem]:
        yield site

    return provider_contract(provider, golden=Path("nowhere"), site=open_site)()


PROBE = "test_a_probe_names_the_account_and_lacks_no_scope"
REFUSAL = "test_a_wrong_credential_is_refused_without_a_retry"
OUTAGE = "test_an_outage_is_reported_as_one"


@pytest.mark.parametrize("test", [PROBE, REFUSAL, OUTAGE])
def test_a_connector_without_a_mistake_passes(test: str) -> None:
    getattr(contract(store()), test)()


@pytest.mark.parametrize(
    ("connector", "test", "message"),
    [
        (NamelessConnector, PROBE, "a probe names the account"),
        (UnscopedConnector, PROBE, "orders:write"),
        (SilentConnector, PROBE, "a provider that makes requests reports those of its probe"),
        (TalkativeConnector, PROBE, "the secret token is in the call log or in an error"),
        (PatientConnector, REFUSAL, "a retry does not correct a credential: try the token later"),
        (QuotingConnector, REFUSAL, "the secret token is in the call log or in an error"),
        (TalkativeConnector, REFUSAL, "the secret token is in the call log or in an error"),
        (CarelessConnector, REFUSAL, "expected a ProviderError, but it returned ProbeResult"),
        (HastyConnector, OUTAGE, "an outage is temporary"),
        (SilentConnector, OUTAGE, "a request that failed is reported as well"),
        (BlandConnector, OUTAGE, "a request that failed is reported with its error"),
        (TalkativeConnector, OUTAGE, "the secret token is in the call log or in an error"),
        (CarelessConnector, OUTAGE, "expected a ProviderError, but it returned ProbeResult"),
    ],
)
def test_a_mistake_of_a_connector_is_found(connector: Any, test: str, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        getattr(contract(store(connector)), test)()


def test_a_provider_without_requests_is_not_probed_for_outages_or_credentials() -> None:
    offline = contract(store(SilentConnector), ExternalSystem(good=GOOD))

    offline.test_a_probe_names_the_account_and_lacks_no_scope()
    offline.test_a_wrong_credential_is_refused_without_a_retry()
    offline.test_an_outage_is_reported_as_one()


def test_a_provider_that_reports_requests_needs_an_address_that_is_down() -> None:
    unfinished = contract(store(), ExternalSystem(good=GOOD))

    with pytest.raises(AssertionError, match="reports those of its probe"):
        unfinished.test_a_probe_names_the_account_and_lacks_no_scope()


def test_connectors_are_closed_after_a_probe() -> None:
    made: list[StoreConnector] = []

    def connect_store(connection: Connection) -> StoreConnector:
        made.append(StoreConnector(connection))
        return made[-1]

    checked = contract(store(connect_store))
    for test in (PROBE, REFUSAL, OUTAGE):
        getattr(checked, test)()

    assert [connector.is_closed for connector in made] == [True, True, True]


@pytest.mark.parametrize("form", ["connection", "parameters"])
def test_a_form_that_accepts_a_misspelled_field_is_found(form: str) -> None:
    lenient = contract(store(**{form: LenientConnection}))

    with pytest.raises(AssertionError, match="LenientConnection accepts a misspelled field"):
        lenient.test_forms_have_a_schema_and_refuse_unknown_fields()


def test_a_connector_receives_checked_values_with_defaults_and_plain_secrets() -> None:
    calls = RecordedCalls()

    connector = connect(store(), GOOD, report=calls, callback_url="http://iom.test/callback")

    connection = connector.connection
    assert connection.instance == "contract"
    assert connection.connection == {**GOOD, "region": "eu"}
    assert connection.parameters == {"days": 7}
    assert connection.callback_url == "http://iom.test/callback"
    assert connection.report is calls


def test_a_connector_without_a_reporter_gets_one_of_its_own() -> None:
    connector = connect(store(), GOOD, {"days": 3})

    connector.probe()

    assert connector.connection.parameters == {"days": 3}
    assert [call.url for call in connector.connection.report] == ["http://store.test/account"]


def test_values_that_do_not_fit_the_forms_are_refused_by_name() -> None:
    with pytest.raises(Invalid) as refusal:
        connect(store(), {"url": "http://store.test", "color": "red"})

    assert [problem.where for problem in refusal.value.problems] == [
        "connection.token",
        "connection.color",
    ]


def test_keys_are_resolved_to_records_of_their_own() -> None:
    keys = (
        MappingKey("product", "sku", "A", "lines[0].product"),
        MappingKey("product", "sku", "B", "lines[1].product"),
        MappingKey("account", "email", "x@y", None),
    )
    made = Transformed({"number": "7", "lines": [{}, {}]}, keys)

    assert resolved(made) == {
        "number": "7",
        "lines": [{"product": "our product A"}, {"product": "our product B"}],
    }
    assert made.document == {"number": "7", "lines": [{}, {}]}
