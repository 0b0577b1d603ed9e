"""What every provider keeps to, as tests an author inherits: `class TestX(provider_contract(PROVIDER, ...))`."""

import re
from collections.abc import Callable, Iterator, Mapping
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

from .golden import DOCUMENTS, golden_cases, resolved, target_of
from .sites import Heard, connected

ENTITIES = ("order", "order_line", "fulfillment_order", "shipment")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_EVENT = re.compile(r"[a-z_]+(\.[a-z_]+)+")


@dataclass(frozen=True)
class Site:
    """A running outside system: a connection it answers, one whose credential it refuses, one that leads nowhere.

    `refused` or `down` stay empty for a provider that has no credential to refuse or calls nobody.
    """

    good: Mapping[str, Any]
    refused: Mapping[str, Any] = field(default_factory=dict)
    down: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)


class ProviderContract:
    """Inherited through `provider_contract`; needs no test runner's help beyond calling `test_*`."""

    provider: ClassVar[Provider]
    golden: ClassVar[Path]

    @staticmethod
    def open_site() -> AbstractContextManager[Site]:
        """The outside system, running while the block runs."""
        raise NotImplementedError("make the class with provider_contract()")

    def test_names_are_plain_and_each_is_given_once(self) -> None:
        provider = self.provider
        names = [
            provider.name,
            *(k.name for k in provider.messages),
            *(a.name for a in provider.actions),
        ]
        assert all(_NAME.fullmatch(name) for name in names), names
        assert len({k.name for k in provider.messages}) == len(provider.messages), (
            "a message kind comes twice"
        )
        assert len({a.name for a in provider.actions}) == len(provider.actions), (
            "an action comes twice"
        )
        assert provider.category in get_args(Category), provider.category
        assert provider.title, "a provider has a title"
        assert provider.description, "a provider has a description"

    def test_what_arrives_becomes_a_known_document_and_what_is_done_concerns_a_known_entity(
        self,
    ) -> None:
        for kind in self.provider.messages:
            assert kind.document in DOCUMENTS, f"{kind.name}: no document {kind.document}"
        for action in self.provider.actions:
            assert action.entity in ENTITIES, f"{action.name}: no entity {action.entity}"
            assert action.batch >= 1, f"{action.name}: batch"
            assert action.concurrency >= 1, f"{action.name}: concurrency"
            assert action.max_attempts >= 1, f"{action.name}: max_attempts"
            for event in (action.succeeded, action.failed):
                assert _EVENT.fullmatch(event), f"{action.name}: {event!r} is not an event's name"

    def test_forms_can_be_drawn_and_refuse_what_they_do_not_know(self) -> None:
        for part in (self.provider.connection, self.provider.parameters):
            orjson.dumps(part.model_json_schema())
            assert _refuses_unknown(part), f"{part.__name__} lets a misspelled field pass"
        self.provider.parameters()

    def test_transformations_compile_and_need_only_the_mappings_it_names(self) -> None:
        compile_transformations(self.provider, {})
        used = {table for body in self._bodies().values() for table in body.get("keys", {})}
        assert used <= set(self.provider.mappings), (
            f"mappings lack {sorted(used - set(self.provider.mappings))}"
        )

    def test_golden_messages_become_the_documents_written_beside_them(self) -> None:
        bodies, documents = (
            self._bodies(),
            {f"message:{k.name}": k.document for k in self.provider.messages},
        )
        cases = golden_cases(self.golden)
        assert {case.name for case in cases} == set(bodies), (
            "every transformation has a golden file, and only those"
        )
        for case in cases:
            done = target_of(
                Transformation(TransformationDocument.model_validate(bodies[case.name])), case
            )
            if case.name in documents:
                DOCUMENTS[documents[case.name]].model_validate(resolved(done))

    def test_a_probe_names_the_account_and_misses_no_scope(self) -> None:
        with self.open_site() as site:
            heard = Heard()
            with closing(
                connected(self.provider, site.good, site.parameters, report=heard)
            ) as connector:
                probe = connector.probe()
            assert probe.account, "a probe says whose account it is"
            assert not probe.missing_scopes, probe.missing_scopes
            assert bool(heard) is bool(site.down), (
                "a provider with an outside reports the probe's calls"
            )
            _assert_no_secret(self.provider, site.good, heard)

    def test_a_wrong_credential_is_refused_for_good(self) -> None:
        with self.open_site() as site:
            if not site.refused:
                return
            heard = Heard()
            with closing(
                connected(self.provider, site.refused, site.parameters, report=heard)
            ) as connector:
                error = _failure(connector.probe)
            assert not isinstance(error, ProviderDown), (
                f"waiting does not mend a credential: {error}"
            )
            _assert_no_secret(self.provider, site.refused, heard, str(error))

    def test_an_outage_is_told_as_one(self) -> None:
        with self.open_site() as site:
            if not site.down:
                return
            heard = Heard()
            with closing(
                connected(self.provider, site.down, site.parameters, report=heard)
            ) as connector:
                error = _failure(connector.probe)
            assert isinstance(error, ProviderDown), f"an outage passes: {error!r}"
            assert heard, "a call that failed is reported as well"
            assert heard[-1].error, "a call that failed is reported with its error"
            _assert_no_secret(self.provider, site.down, heard, str(error))

    def _bodies(self) -> dict[str, Mapping[str, Any]]:
        bodies = {f"message:{kind.name}": kind.transformation for kind in self.provider.messages}
        return bodies | {
            f"action:{action.name}": action.transformation for action in self.provider.actions
        }


def provider_contract(
    provider: Provider, *, golden: Path, site: Callable[[], AbstractContextManager[Site]]
) -> type[ProviderContract]:
    """The contract for one provider: golden files of its transformations, and an outside to probe."""
    members = {"provider": provider, "golden": golden, "open_site": staticmethod(site)}
    return type("ProviderContract", (ProviderContract,), members)


def _failure(attempt: Callable[[], Any]) -> ProviderError:
    try:
        answer = attempt()
    except ProviderError as error:
        return error
    raise AssertionError(f"should have failed with a ProviderError, but answered {answer}")


def _refuses_unknown(model: type[BaseModel]) -> bool:
    try:
        model.model_validate({"no_field_of_this_name": 1})
    except ValidationError as error:
        return any(found["type"] == "extra_forbidden" for found in error.errors())
    return False


def _assert_no_secret(
    provider: Provider, connection: Mapping[str, Any], heard: Heard, *texts: str
) -> None:
    told = "\n".join([*texts, *_told(heard)])
    for name in secret_fields(provider):
        value = connection.get(name)
        secret = value.get_secret_value() if isinstance(value, SecretStr) else value
        assert not secret or secret not in told, (
            f"the secret {name} stands in the call log or in an error"
        )


def _told(heard: Heard) -> Iterator[str]:
    for call in heard:
        yield f"{call.url} {call.error}"
