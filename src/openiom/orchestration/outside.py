"""The outside, through the providers room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.platform.configuration import current_documents
from openiom.platform.database import Database
from openiom.provider_contract import Call, CallResult, Facts, ProviderAction
from openiom.providers import ProviderRegistry, build_payloads, call_provider


@dataclass(frozen=True)
class ThroughProviders:
    """Keeps the promise `Outside` with the installed provider instances."""

    registry: ProviderRegistry

    def actions(self, session: Session) -> dict[tuple[str, str], ProviderAction]:
        """What every instance can do, by (instance, action): what `Catalog.provider_actions` asks for."""
        known = self.registry.catalog
        return {
            (document.name, action.name): action
            for document in current_documents(session, "provider_instance")
            if document.body.get("provider") in known
            for action in known[document.body["provider"]].actions
        }

    def action(self, session: Session, instance: str, name: str) -> ProviderAction:
        return self.registry.open(session, instance).action(name)

    def call(
        self, database: Database, instance: str, action: ProviderAction, calls: Sequence[Call]
    ) -> Sequence[CallResult]:
        return call_provider(self.registry, database, instance, action.name, calls)

    def payloads(
        self, session: Session, instance: str, action: str, facts: Sequence[Facts]
    ) -> Sequence[Mapping[str, Any] | Problem]:
        return build_payloads(self.registry, session, instance, action, facts)
