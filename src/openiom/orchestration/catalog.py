"""Everything a flow may refer to, as the composition root supplies it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.platform.configuration import current_documents
from openiom.policies import Evaluator, PolicyDocument, policies_in_use, read_table
from openiom.provider_contract import Action, Entity, Facts, ProviderAction
from openiom.providers import ProviderRegistry, build_payloads


@dataclass(frozen=True)
class CatalogSnapshot:
    """What exists at one moment. The compiler checks a flow against it without any I/O."""

    entities: Mapping[str, Entity]
    actions: Mapping[str, Action]
    provider_actions: Mapping[tuple[str, str], ProviderAction]
    policies: Mapping[str, PolicyDocument]
    events: Collection[str]

    @property
    def all_events(self) -> set[str]:
        """Names of every business event, including those that actions raise."""
        names = set(self.events)
        for provider_action in self.provider_actions.values():
            names.update((provider_action.succeeded, provider_action.failed))
        for action in self.actions.values():
            names.update(action.events)
        return names

    @property
    def instances(self) -> set[str]:
        """Names of the provider instances that offer an action."""
        return {instance for instance, _ in self.provider_actions}


@dataclass(frozen=True)
class Catalog:
    """The parts flows are made of.

    registry  opens provider instances; their actions are read from the current configuration
    events    names of the business events that packages raise, beyond those of actions
    """

    entities: Mapping[str, Entity]
    actions: Mapping[str, Action]
    registry: ProviderRegistry
    events: Collection[str] = ()

    def snapshot(self, session: Session) -> CatalogSnapshot:
        """Return what a flow may refer to now."""
        return CatalogSnapshot(
            entities=self.entities,
            actions=self.actions,
            provider_actions=self.provider_actions(session),
            policies=policies_in_use(session),
            events=tuple(self.events),
        )

    def provider_actions(self, session: Session) -> dict[tuple[str, str], ProviderAction]:
        """Return what every provider instance can do, by (instance, action)."""
        found: dict[tuple[str, str], ProviderAction] = {}
        for document in current_documents(session, "provider_instance"):
            for action in self._actions_of(document.body["provider"]):
                found[document.name, action.name] = action
        return found

    def _actions_of(self, provider: str) -> Sequence[ProviderAction]:
        """Return the actions of a provider; none when it is not installed."""
        installed = self.registry.catalog.get(provider)
        return () if installed is None else installed.actions

    def provider_action(self, session: Session, instance: str, name: str) -> ProviderAction:
        """Return an action of a provider instance. Raise `NotFound` when there is none."""
        return self.registry.open(session, instance).action(name)

    def payloads(
        self,
        session: Session,
        instance: str,
        action: str,
        facts: Sequence[Facts],
        evaluator: Evaluator,
    ) -> Sequence[Mapping[str, Any] | Problem]:
        """Return what to send for each entity, in order, or the problem that prevents it."""
        if not facts:
            return []
        return build_payloads(self.registry, session, instance, action, facts, evaluator)


def settable_fields(policy: PolicyDocument) -> set[str]:
    """Return the names of the fields that an execution policy sets."""
    names: set[str] = set()
    for row in read_table(policy.content).rows:
        names.update(row.set)
    return names
