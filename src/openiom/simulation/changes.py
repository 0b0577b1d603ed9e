"""From the changes of a scenario to the documents that make them true. Pure.

The same documents are simulated and, later, committed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from openiom.fulfillment_optimization import default_strategy, document_problems, strategy_body
from openiom.kernel import Invalid, Problem

from .request import ChangedStrategy, ScenarioChanges

Body = dict[str, Any]
Bodies = Mapping[str, Mapping[str, Body]]
"""Bodies of current documents by kind and name."""


@dataclass(frozen=True)
class ChangedDocuments:
    """
    The documents that differ, as `Configuration.apply` takes them, and the scenario's strategy.
    """

    documents: tuple[Body, ...]
    strategy: str

    def over(self, bodies: Bodies) -> dict[str, dict[str, Body]]:
        """Return all documents with the changed ones in place."""
        found = {kind: dict(named) for kind, named in bodies.items()}
        for document in self.documents:
            found.setdefault(document["kind"], {})[document["name"]] = document["body"]
        return found


@dataclass
class _Collector:
    """Changed documents by (kind, name), and the problems found on the way."""

    bodies: Bodies
    found: dict[tuple[str, str], Body] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def of(self, kind: str) -> Mapping[str, Body]:
        """Return the current documents of a kind."""
        return self.bodies.get(kind, {})

    def refuse(self, where: str, what: str, remedy: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(where, what, remedy))

    def check(self, kind: str, body: Body, where: str) -> None:
        """Add the problems of a document."""
        self.problems += document_problems(kind, body, where=where)


def changed_documents(
    bodies: Bodies, changes: ScenarioChanges, *, strategy: str
) -> ChangedDocuments:
    """Return the documents that differ from `bodies`.

    `strategy` is that of the baseline, empty for the default one. Raises Invalid with the path of
    everything that cannot be simulated.
    """
    collector = _Collector(bodies)
    _close_sources(collector, changes)
    _add_sources(collector, changes)
    baseline = strategy or default_strategy(bodies.get("strategy", {}))
    name = _change_strategy(collector, changes, baseline)
    if collector.problems:
        raise Invalid("this scenario cannot be simulated", problems=collector.problems)

    documents: list[Body] = []
    for (kind, document), body in collector.found.items():
        documents.append({"kind": kind, "name": document, "body": body})

    return ChangedDocuments(tuple(documents), name)


def _close_sources(collector: _Collector, changes: ScenarioChanges) -> None:
    for i, name in enumerate(changes.closed_sources):
        body = collector.of("source").get(name)
        if body is None:
            where = f"changes.closed_sources.{i}"
            collector.refuse(where, f"no source named {name}", "name one that exists")
        elif body.get("active", True):
            collector.found["source", name] = body | {"active": False}


def _add_sources(collector: _Collector, changes: ScenarioChanges) -> None:
    existing = collector.of("source")
    for i, source in enumerate(changes.new_sources):
        where = f"changes.new_sources.{i}"
        if source.name in existing or ("source", source.name) in collector.found:
            what = f"there is a source named {source.name}"
            collector.refuse(f"{where}.name", what, "choose another name")

        if source.stock_like not in ("", *existing):
            what = f"no source named {source.stock_like}"
            remedy = "name one that exists, or give stock"
            collector.refuse(f"{where}.stock_like", what, remedy)

        collector.check("source", source.body, f"{where}.body")
        collector.found["source", source.name] = source.body


def _change_strategy(collector: _Collector, changes: ScenarioChanges, baseline: str) -> str:
    """Change the strategy, its source list and its constraints; return its name."""
    change = changes.strategy or ChangedStrategy()
    name = change.name or baseline
    before = strategy_body(collector.bodies, name)
    if before is None:
        what = f"no strategy named {name}"
        collector.refuse("changes.strategy.name", what, "name one that exists")
        return name

    after = _patched(before, change.body)
    _add_to_source_list(collector, changes, str(after.get("source_list") or ""))
    constraints = after.get("constraints", [])
    attached = list(constraints)
    _change_constraints(collector, changes, attached)
    if attached != constraints:
        after["constraints"] = attached

    if after != before:
        collector.check("strategy", after, "changes.strategy.body")
        collector.found["strategy", name] = after

    return name


def _add_to_source_list(collector: _Collector, changes: ScenarioChanges, name: str) -> None:
    """Add the new sources to the list that the strategy chooses from."""
    added = [source.name for source in changes.new_sources]
    body = collector.of("source_list").get(name)
    if added and body is not None:
        collector.found["source_list", name] = body | {"sources": [*body["sources"], *added]}


def _change_constraints(
    collector: _Collector, changes: ScenarioChanges, attached: list[str]
) -> None:
    """Change constraints and update the names of those that the strategy has."""
    for i, constraint in enumerate(changes.constraints):
        where = f"changes.constraints.{i}"
        if constraint.body is None:
            _remove_constraint(collector, constraint.name, attached, where)
        else:
            collector.check("constraint", constraint.body, f"{where}.body")
            collector.found["constraint", constraint.name] = constraint.body
            if constraint.name not in attached:
                attached.append(constraint.name)


def _remove_constraint(collector: _Collector, name: str, attached: list[str], where: str) -> None:
    if name in attached:
        attached.remove(name)
    else:
        what = f"the strategy has no constraint {name}"
        collector.refuse(f"{where}.name", what, "leave it out, or give it a body")


def _patched(body: Body, patch: Body) -> Body:
    """Return the body with fields replaced; objects such as weights are merged field by field."""
    merged = dict(body)
    for name, value in patch.items():
        old = merged.get(name)
        if isinstance(old, dict) and isinstance(value, dict):
            value = {**old, **value}
        merged[name] = value
    return merged
