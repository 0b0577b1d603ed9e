"""Everything a flow may refer to, as `app.build()` hands it over."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from openiom.policies import PolicyDocument, read_table
from openiom.provider_contract import Action, Entity, ProviderAction


@dataclass(frozen=True)
class Known:
    """What exists at one moment; the compiler checks a flow against it without looking anywhere else."""

    entities: Mapping[str, Entity]
    actions: Mapping[str, Action]
    provider_actions: Mapping[tuple[str, str], ProviderAction]
    policies: Mapping[str, PolicyDocument]
    events: Collection[str]

    @property
    def all_events(self) -> set[str]:
        raised = {
            name
            for action in self.provider_actions.values()
            for name in (action.succeeded, action.failed)
        }
        return (
            raised
            | {name for action in self.actions.values() for name in action.events}
            | set(self.events)
        )

    @property
    def instances(self) -> set[str]:
        return {instance for instance, _ in self.provider_actions}


@dataclass(frozen=True)
class Catalog:
    """The parts flows are made of.

    provider_actions  (session) -> {(instance, action name): action} of the installed provider instances
    policies          (session) -> {name: document} of the policies in use
    events            names of the business events rooms raise, beyond those of actions
    """

    entities: Mapping[str, Entity]
    actions: Mapping[str, Action]
    provider_actions: Callable[[Session], Mapping[tuple[str, str], ProviderAction]]
    policies: Callable[[Session], Mapping[str, PolicyDocument]]
    events: Collection[str] = field(default_factory=tuple)

    def known(self, session: Session) -> Known:
        """What a flow may refer to now."""
        return Known(
            self.entities,
            self.actions,
            self.provider_actions(session),
            self.policies(session),
            tuple(self.events),
        )


def fields_set(policy: PolicyDocument) -> set[str]:
    """Names of the fields an execution policy may set."""
    return {name for row in read_table(policy.content).rows for name in row.set}
