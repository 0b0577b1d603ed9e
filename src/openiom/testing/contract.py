"""What every provider fulfils, as tests that an author inherits.

class TestStore(provider_contract(PROVIDER, golden=GOLDEN, site=open_site)): ...
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, get_args

import orjson
from pydantic import BaseModel, SecretStr, ValidationError

from openiom.kernel import ProviderDown, ProviderError
from openiom.policies import Transformation, TransformationDocument
from openiom.provider_contract import Category, Provider
from openiom.providers.registry import compile_transformations, secret_fields

from .connectors import RecordedCalls, connect
from .golden import DOCUMENTS, GoldenCase, golden_cases, resolved, target_of

ENTITIES = ("order", "order_line", "fulfillment_order", "shipment")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_EVENT = re.compile(r"[a-z_]+(\.[a-z_]+)+")


@dataclass(frozen=True)
class ExternalSystem:
    """A running system outside: connection values that work, that it refuses, that do not reach it.

    `refused` is empty for a provider without credentials, `down` for one that makes no requests.
    `folder` is the one below which the provider may read files.
    """

    good: Mapping[str, Any]
    refused: Mapping[str, Any] = field(default_factory=dict)
    down: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None


class ProviderContract:
    """The tests; made for a provider by `provider_contract`."""

    provider: ClassVar[Provider]
    golden: ClassVar[Path]

    @staticmethod
    def open_site() -> AbstractContextManager[ExternalSystem]:
        """Return a context in which the external system runs."""
        raise NotImplementedError("create the class with provider_contract()")

    def test_names_are_plain_and_unique(self) -> None:
        provider = self.provider
        messages = [kind.name for kind in provider.messages]
        actions = [action.name for action in provider.actions]
        for name in (provider.name, *messages, *actions):
            assert _NAME.fullmatch(name), f"{name!r} is not a plain name"
        assert not _repeated(messages), f"message kinds given twice: {_repeated(messages)}"
        assert not _repeated(actions), f"actions given twice: {_repeated(actions)}"

    def test_the_provider_describes_itself(self) -> None:
        assert self.provider.category in get_args(Category), self.provider.category
        assert self.provider.title, "a provider has a title"
        assert self.provider.description, "a provider has a description"

    def test_messages_become_known_documents(self) -> None:
        for kind in self.provider.messages:
            assert kind.document in DOCUMENTS, f"{kind.name}: no document {kind.document}"

    def test_actions_concern_known_entities_and_raise_events(self) -> None:
        for action in self.provider.actions:
            assert action.entity in ENTITIES, f"{action.name}: no entity {action.entity}"
            assert action.batch >= 1, f"{action.name}: batch"
            assert action.concurrency >= 1, f"{action.name}: concurrency"
            assert action.max_attempts >= 1, f"{action.name}: max_attempts"
            for event in (action.succeeded, action.failed):
                assert _EVENT.fullmatch(event), f"{action.name}: {event!r} is not an event's name"

    def test_forms_have_a_schema_and_refuse_unknown_fields(self) -> None:
        for form in (self.provider.connection, self.provider.parameters):
            orjson.dumps(form.model_json_schema())
            assert _refuses_unknown(form), f"{form.__name__} accepts a misspelled field"
        self.provider.parameters()

    def test_transformations_compile_and_use_declared_mappings_only(self) -> None:
        compile_transformations(self.provider, {})
        used: set[str] = set()
        for body in self._transformations().values():
            used.update(body.get("keys", {}))
        undeclared = sorted(used - set(self.provider.mappings))
        assert not undeclared, f"mappings lack {undeclared}"

    def test_golden_messages_become_the_documents_written_beside_them(self) -> None:
        bodies = self._transformations()
        cases = golden_cases(self.golden)
        assert {case.name for case in cases} == set(bodies), (
            "every transformation has a golden file, and no other file exists"
        )
        for case in cases:
            self._check_golden(case, bodies[case.name])

    def test_a_probe_names_the_account_and_lacks_no_scope(self) -> None:
        with self.open_site() as site:
            calls = RecordedCalls()
            with closing(self._connect(site, site.good, calls)) as one:
                probe = one.probe()

            assert probe.account, "a probe names the account"
            assert not probe.missing_scopes, probe.missing_scopes
            assert bool(calls) is bool(site.down), (
                "a provider that makes requests reports those of its probe"
            )
            _assert_no_secret(self.provider, site.good, _texts(calls))

    def test_a_wrong_credential_is_refused_without_a_retry(self) -> None:
        with self.open_site() as site:
            if not site.refused:
                return
            calls, error = self._failing_probe(site, site.refused)
            assert not isinstance(error, ProviderDown), (
                f"a retry does not correct a credential: {error}"
            )
            _assert_no_secret(self.provider, site.refused, [str(error), *_texts(calls)])

    def test_an_outage_is_reported_as_one(self) -> None:
        with self.open_site() as site:
            if not site.down:
                return
            calls, error = self._failing_probe(site, site.down)
            assert isinstance(error, ProviderDown), f"an outage is temporary: {error!r}"
            assert calls, "a request that failed is reported as well"
            assert calls[-1].error, "a request that failed is reported with its error"
            _assert_no_secret(self.provider, site.down, [str(error), *_texts(calls)])

    def _failing_probe(
        self, site: ExternalSystem, connection: Mapping[str, Any]
    ) -> tuple[RecordedCalls, ProviderError]:
        calls = RecordedCalls()
        with closing(self._connect(site, connection, calls)) as connector:
            return calls, _failure(connector.probe)

    def _connect(
        self, site: ExternalSystem, connection: Mapping[str, Any], calls: RecordedCalls
    ) -> Any:
        return connect(self.provider, connection, site.parameters, report=calls, folder=site.folder)

    def _check_golden(self, case: GoldenCase, body: Mapping[str, Any]) -> None:
        transformation = Transformation(TransformationDocument.model_validate(body))
        made = target_of(transformation, case)
        for kind in self.provider.messages:
            if case.name == f"message:{kind.name}":
                DOCUMENTS[kind.document].model_validate(resolved(made))

    def _transformations(self) -> dict[str, Mapping[str, Any]]:
        """Return the bodies of all transformations by name."""
        bodies: dict[str, Mapping[str, Any]] = {}
        for kind in self.provider.messages:
            bodies[f"message:{kind.name}"] = kind.transformation
        for action in self.provider.actions:
            bodies[f"action:{action.name}"] = action.transformation
        return bodies


def provider_contract(
    provider: Provider, *, golden: Path, site: Callable[[], AbstractContextManager[ExternalSystem]]
) -> type[ProviderContract]:
    """Return the contract of one provider.

    `golden` is the folder of its golden files; `site` opens an external system to probe.
    """
    members = {"provider": provider, "golden": golden, "open_site": staticmethod(site)}
    return type("ProviderContract", (ProviderContract,), members)


def _repeated(names: Iterable[str]) -> list[str]:
    repeated = []
    for name, count in Counter(names).items():
        if count > 1:
            repeated.append(name)
    return repeated


def _failure(attempt: Callable[[], Any]) -> ProviderError:
    try:
        result = attempt()
    except ProviderError as error:
        return error
    raise AssertionError(f"expected a ProviderError, but it returned {result}")


def _refuses_unknown(model: type[BaseModel]) -> bool:
    try:
        model.model_validate({"no_field_of_this_name": 1})
    except ValidationError as error:
        return any(fault["type"] == "extra_forbidden" for fault in error.errors())
    return False


def _assert_no_secret(
    provider: Provider, connection: Mapping[str, Any], texts: Iterable[str]
) -> None:
    """Fail when a secret of the connection is in one of the texts."""
    shown = "\n".join(texts)
    for name in secret_fields(provider):
        secret = _plain(connection.get(name))
        if secret:
            assert secret not in shown, f"the secret {name} is in the call log or in an error"


def _plain(value: Any) -> Any:
    """Return the text of a secret; any other value as it is."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return value


def _texts(calls: RecordedCalls) -> list[str]:
    return [f"{call.url} {call.error}" for call in calls]
