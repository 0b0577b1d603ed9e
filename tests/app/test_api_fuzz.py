"""The whole API against generated requests: no server error and no undocumented answer.

Schemathesis derives requests from the OpenAPI document, valid and invalid ones, and sends them to a
real server over the seeded company: about seven thousand, the same in every run. Each test makes up
its own, so that collecting them takes no time. On a machine where the tests take longer than
`BUDGET_SECONDS`, the remaining operations receive the first few requests only.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.config import (
    CoveragePhaseConfig,
    ExamplesPhaseConfig,
    FuzzingPhaseConfig,
    GenerationConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
    StatefulPhaseConfig,
)
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.python._constants.orchestrator import make_constants_value_source
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.tables import empty_tables

from openiom.administration import issue_token
from openiom.app.application import build
from openiom.app.cli.dev import NO_DATABASE
from openiom.app.web import create_app
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.settings import Settings
from openiom_simulators.seed import (
    InstanceAddresses,
    company_documents,
    instance_documents,
    seed_company,
    seed_stock,
)
from openiom_simulators.seed.company import LAB_PRODUCTS, SOURCES
from openiom_simulators.server import serve_in_thread

KEY = "bm90IGEgc2VjcmV0OiBvbmx5IGZvciB0aGlzIHRlc3Q="
EXAMPLES = 6
"""Random requests per operation, beside those that cover each parameter's limits."""
BUDGET_SECONDS = 150.0
LEAST_REQUESTS = 5
NOWHERE = InstanceAddresses(
    store_url="http://127.0.0.1:1",
    store_hash="fuzz",
    store_token="t",
    warehouse_url="http://127.0.0.1:1",
    warehouse_token="t",
    callback_secret="s",
    webhook_key="k",
    lab_url="http://127.0.0.1:1",
    lab_smtp_port=1,
    lab_key="k",
)
"""Instances whose addresses may not be reached, so that no request leaves the machine."""
ENVIRONMENT = "environmentId"
"""Every other environment is refused before anything else is read."""
ENDLESS = "/api/v1/live"
"""Its answer has no end; tests/app/test_event_stream.py reads it."""
CONFORMANCE = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def api_document() -> dict[str, Any]:
    application = build(Settings(home=Path(), secret_keys=KEY, signing_keys=KEY), NO_DATABASE)
    try:
        return create_app(application).openapi()
    finally:
        application.close()


def configuration() -> SchemathesisConfig:
    generation = GenerationConfig(
        max_examples=EXAMPLES, deterministic=True, no_shrink=True, with_security_parameters=False
    )
    phases = PhasesConfig(
        examples=ExamplesPhaseConfig(enabled=False),
        coverage=CoveragePhaseConfig(enabled=True, unexpected_methods=set()),
        fuzzing=FuzzingPhaseConfig(enabled=True),
        stateful=StatefulPhaseConfig(enabled=False),
    )
    project = ProjectConfig(generation=generation, phases=phases)
    return SchemathesisConfig(seed=1, projects=ProjectsConfig(default=project))


DOCUMENT = api_document()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT, config=configuration())
FEEDBACK = FeedbackSources(constants_value_source=make_constants_value_source(SCHEMA))
LABELS = [
    f"{method.upper()} {path}"
    for path, methods in DOCUMENT["paths"].items()
    for method in methods
    if path != ENDLESS
]


@dataclass(frozen=True)
class Api:
    """A server over the seeded company, and a session with an administrator's token.

    failed  operations of which a request has failed: it is sent once more to be shown
    """

    url: str
    session: requests.Session
    headers: dict[str, str]
    sent: Counter[str] = field(default_factory=Counter)
    failed: set[str] = field(default_factory=set)
    started_at: float = field(default_factory=monotonic)

    def count(self, operation: str) -> None:
        """Count a request to an operation.

        End its test when the time is over and it has received enough. Nothing but leaving the test
        keeps the generator from making up the requests that would not be sent.
        """
        is_late = monotonic() - self.started_at > BUDGET_SECONDS
        has_enough = self.sent[operation] >= LEAST_REQUESTS and operation not in self.failed
        if is_late and has_enough:
            pytest.skip(f"{self.sent[operation]} requests were answered, and the time is over")

        self.sent[operation] += 1


@pytest.fixture(scope="module")
def api(empty_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    empty_tables(empty_database)
    home = tmp_path_factory.mktemp("api")
    (home / "ui").mkdir()
    (home / "ui" / "index.html").write_text("<title>OpenIOM</title>")
    settings = Settings(home=home, ui_path=home / "ui", provider_networks="")
    application = build(settings, empty_database.url)
    instances = instance_documents(NOWHERE, poll_seconds=None)
    seed_company(application, [*company_documents(), *instances])
    seed_stock(application, LAB_PRODUCTS, sources=SOURCES, units=100, progress=lambda count: None)
    with empty_database.unit_of_work() as session:
        token = issue_token(
            session, name="fuzz", roles=["administrator"], now=utc_now(), actor="test"
        )

    with serve_in_thread(create_app(application)) as server, requests.Session() as session:
        yield Api(server.url, session, {"authorization": f"Bearer {token}"})

    application.close()


@hypothesis.settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
    report_multiple_bugs=False,
)
def check_answer(case: schemathesis.Case, api: Api) -> None:
    """Send a request, and check that its answer is documented and no server error."""
    api.count(case.operation.label)
    if ENVIRONMENT in case.path_parameters:
        case.path_parameters[ENVIRONMENT] = "dev"

    checks = [not_a_server_error, *CONFORMANCE]
    if case.path == "/ready":
        checks = CONFORMANCE  # 503: the test database was made without migrations
    try:
        case.call_and_validate(
            base_url=api.url, session=api.session, headers=api.headers, checks=checks, timeout=20
        )
    except BaseException:
        api.failed.add(case.operation.label)
        raise


@pytest.mark.parametrize("label", LABELS)
def test_every_answer_is_documented_and_none_is_a_server_error(label: str, api: Api) -> None:
    operation = SCHEMA.find_operation_by_label(label)
    assert operation is not None
    test = build_operation_test(
        config=SCHEMA.config,
        operation=operation,
        test_func=check_answer,
        given_kwargs={},
        feedback=FEEDBACK,
    )
    test(api=api)


HOSTILE_TEXTS = (
    "%00",
    "a%00b",
    "%ED%A0%80",
    "x" * 300,
    "9" * 400,
    "2147483648",
    "9223372036854775808",
    "-1",
    "1e999",
    "NaN",
    "..%2F..%2Fetc%2Fpasswd",
    "0001-01-01T00%3A00%3A00%2B01%3A00",
)
HOSTILE_JSON = (
    '"\\u0000"',
    '"\\ud800"',
    "9" * 400,
    "2147483648",
    "9223372036854775808",
    "-1",
    "1e308",
    "1e999",
    "NaN",
    '"' + "x" * 300 + '"',
    '"' + "9" * 400 + '"',
    '"0001-01-01T00:00:00+01:00"',
    "[" * 500 + "]" * 500,
    "null",
    "[]",
    "{}",
)


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            if path not in (ENDLESS, "/ready"):
                yield method.upper(), path, operation


def test_no_hostile_text_in_a_path_or_query_is_a_server_error(api: Api) -> None:
    failed = []
    for method, path, operation in operations():
        names = [p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"]
        for text in HOSTILE_TEXTS:
            url = api.url + re.sub(r"{[^}]+}", text, path)
            url += "?" + "&".join(f"{name}={text}" for name in [*names, "unknown"])
            answer = api.session.request(method, url, headers=api.headers)
            api.sent[f"{method} {path}"] += 1
            if answer.status_code >= 500:
                failed.append(f"{method} {path} with {text[:20]}: {answer.status_code}")

    assert failed == []


def test_no_hostile_value_in_a_body_is_a_server_error(api: Api) -> None:
    failed = []
    headers = {**api.headers, "content-type": "application/json"}
    for method, path, operation in operations():
        if "requestBody" not in operation:
            continue

        url = api.url + re.sub(r"{[^}]+}", "dev", path)
        for value in HOSTILE_JSON:
            for body in bodies_of(operation, value):
                answer = api.session.request(method, url, headers=headers, data=body)
                if answer.status_code >= 500:
                    failed.append(f"{method} {path} with {body[:60]}: {answer.status_code}")

    assert failed == []


def bodies_of(operation: dict[str, Any], value: str) -> Iterator[str]:
    """Yield bodies that are, or contain in every field, a value."""
    yield value
    for content in operation["requestBody"]["content"].values():
        reference = content["schema"].get("$ref", "")
        schema = DOCUMENT["components"]["schemas"].get(reference.rpartition("/")[2], {})
        names = schema.get("properties", {})
        yield "{" + ",".join(f'"{name}":{value}' for name in names) + "}"
        yield "{" + ",".join(f'"{name}":[{value},{{"id":{value}}}]' for name in names) + "}"


def test_every_operation_has_received_requests(api: Api) -> None:
    labels = {f"{method} {path}" for method, path, _ in operations()}

    assert {label for label in labels if api.sent[label] == 0} == set()


def test_what_was_accepted_can_be_read_back(api: Api) -> None:
    """Every list still answers after the requests above, whatever they wrote."""
    answers: dict[str, int] = {}
    for path, methods in DOCUMENT["paths"].items():
        if "get" in methods and "{" not in path and path != ENDLESS:
            answers[path] = api.session.get(api.url + path, headers=api.headers).status_code

    assert {path: status for path, status in answers.items() if status >= 500} == {
        "/ready": 503  # the test database was made without migrations
    }
    assert answers["/api/v1/orders"] == answers["/api/v1/products"] == 200
