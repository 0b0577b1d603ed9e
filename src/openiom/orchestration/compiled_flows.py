"""Flow versions and policies as a process runs them: read once, compiled once, kept by version."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch
from openiom.policies import Condition
from openiom.provider_contract import Action, Entity, Facts

from .catalog import Catalog
from .compiler import Plan
from .document import ConditionStep, FlowDocument, ProviderActionStep, Splitter, Step
from .ports import Outside


@dataclass(frozen=True)
class RunningFlow:
    """A version with its expressions compiled. `conditions` by step id, by (step id, branch), and by 'trigger'."""

    id: int
    name: str
    version: int
    document: FlowDocument
    plan: Plan
    steps: Mapping[str, Step]
    rank: Mapping[str, int]
    conditions: Mapping[str | tuple[str, str], Condition]
    splits: bool  # whether a flow run of it may have more than one token

    @property
    def actor(self) -> str:
        return f"flow:{self.name}"


def running_flow(
    *, id: int, name: str, version: int, document: FlowDocument, plan: Plan
) -> RunningFlow:
    conditions: dict[str | tuple[str, str], Condition] = {}
    if document.trigger.condition:
        conditions["trigger"] = Condition(document.trigger.condition, where="trigger, condition")
    for step in document.steps:
        if isinstance(step, ConditionStep) or (isinstance(step, ProviderActionStep) and step.when):
            conditions[step.id] = Condition(step.when, where=f"step {step.shown}, when")
        elif isinstance(step, Splitter):
            for branch in step.branches:
                conditions[step.id, branch.name] = Condition(
                    branch.when, where=f"step {step.shown}, {branch.name}"
                )
    rank = {step: n for n, step in enumerate(plan.order)}
    splits = any(isinstance(step, Splitter) for step in document.steps)
    return RunningFlow(id, name, version, document, plan, document.by_id, rank, conditions, splits)


@dataclass
class Flows:
    """Published versions, compiled at first use; they never change."""

    _known: dict[int, RunningFlow] = field(default_factory=dict)

    def get(self, session: Session, ids: Collection[int]) -> Mapping[int, RunningFlow]:
        missing = [id for id in ids if id not in self._known]
        if missing:
            rows = fetch(
                session,
                "SELECT id, name, version, document, plan FROM orchestration.flow_version WHERE id = ANY(%s)",
                (missing,),
            )
            for id, name, version, document, plan in rows:
                self._known[id] = running_flow(
                    id=id,
                    name=name,
                    version=version,
                    document=FlowDocument.model_validate(document),
                    plan=Plan.model_validate(plan),
                )
        return self._known


@dataclass(frozen=True)
class Engine:
    """What turns and operations need: what flows are made of, and how outside work is done."""

    catalog: Catalog
    outside: Outside
    flows: Flows = field(default_factory=Flows)

    def entity(self, name: str) -> Entity:
        return self.catalog.entities[name]

    def action(self, name: str) -> Action:
        return self.catalog.actions[name]


@dataclass
class FactsOfWave:
    """Facts and children of one wave's subjects: each loaded once, and again only after something was written."""

    session: Session
    entities: Mapping[str, Entity]
    _facts: dict[tuple[str, frozenset[str] | None], dict[UUID, Facts]] = field(default_factory=dict)
    _children: dict[tuple[str, str], dict[UUID, list[UUID]]] = field(default_factory=dict)

    def of(
        self, entity: str, ids: Sequence[UUID], fields: frozenset[str] | None = None
    ) -> Mapping[UUID, Facts]:
        """Facts by id, at least the named fields of them; what no longer exists is absent."""
        parse_id = self._facts.setdefault((entity, None), {})
        if fields is not None and all(id in parse_id for id in ids):
            return parse_id
        known = self._facts.setdefault((entity, fields), {})
        missing = [id for id in ids if id not in known]
        if missing:
            known.update(self.entities[entity].facts(self.session, missing, fields))
        return known

    def children(
        self, entity: str, child: str, ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[UUID]]:
        known = self._children.setdefault((entity, child), {})
        missing = [id for id in ids if id not in known]
        if missing:
            known.update(dict.fromkeys(missing, []))
            known.update(self.entities[entity].children[child](self.session, missing))
        return known

    def changed(self) -> None:
        """Forget everything: an action, a policy or an event has written."""
        self._facts.clear()
        self._children.clear()
