"""What orchestration asks of the outside, answered by the providers room."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.provider_contract import Call, CallResult, Facts, ProviderAction
from openiom.providers import Pipeline, build_payloads, call_provider


class ProviderCaller:
    """Orchestration's `Caller` and `PayloadBuilder` over one pipeline."""

    def __init__(self, pipeline: Pipeline, database: Database) -> None:
        self._pipeline, self._database = pipeline, database

    def action(self, instance: str, name: str) -> ProviderAction:
        with self._database.reading() as session:
            return self._pipeline.open(session, instance).action(name)

    def call(
        self, database: Database, instance: str, action: ProviderAction, calls: Sequence[Call]
    ) -> Sequence[CallResult]:
        return call_provider(self._pipeline, database, instance, action.name, calls)

    def payloads(
        self, session: Session, instance: str, action: str, facts: Sequence[Facts]
    ) -> Sequence[dict[str, Any] | Problem]:
        built = build_payloads(self._pipeline, session, instance, action, facts)
        return [answer if isinstance(answer, Problem) else dict(answer) for answer in built]

    def installed(self, session: Session) -> Mapping[tuple[str, str], ProviderAction]:
        """Every action of every installed instance: what a flow may ask for."""
        rows = fetch(session, "SELECT name, provider FROM providers.provider_instance WHERE active")
        return {
            (instance, action.name): action
            for instance, provider in rows
            if provider in self._pipeline.catalog
            for action in self._pipeline.catalog[provider].actions
        }
