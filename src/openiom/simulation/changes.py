"""
From a scenario's changes to the documents that would make them true. Pure.

The same documents are simulated and, later, committed: what was shown is what is applied.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from openiom.fulfillment_optimization.configuration import BUILT_IN, DEFAULT_STRATEGY
from openiom.fulfillment_optimization.constraints import ConstraintBody
from openiom.fulfillment_optimization.documents import SourceBody, StrategyBody
from openiom.kernel import Invalid, Problem

from .request import Changes

Body = dict[str, Any]
Bodies = Mapping[str, Mapping[str, Body]]
"""Kind -> name -> body of every document in use."""


@dataclass(frozen=True)
class Changed:
    """The documents that differ, as `Configuration.apply` takes them, and the strategy of the scenario."""

    documents: tuple[Body, ...]
    strategy: str

    def over(self, bodies: Bodies) -> dict[str, dict[str, Body]]:
        """All documents with the changes laid over them."""
        found = {kind: dict(named) for kind, named in bodies.items()}
        for document in self.documents:
            found.setdefault(document["kind"], {})[document["name"]] = document["body"]
        return found


def default_strategy(bodies: Bodies) -> str:
    """The strategy marked as the default last; the built-in one where none is."""
    marked = [name for name, body in bodies.get("strategy", {}).items() if body.get("is_default")]
    return marked[-1] if marked else DEFAULT_STRATEGY


def changed_documents(bodies: Bodies, changes: Changes, *, strategy: str) -> Changed:
    """What differs from `bodies`. Raises Invalid with the path of everything that cannot be."""
    problems: list[Problem] = []
    named = (
        (changes.strategy.name if changes.strategy else "") or strategy or default_strategy(bodies)
    )
    plan = bodies.get("strategy", {}).get(named)
    if plan is None and named != DEFAULT_STRATEGY:
        problems.append(
            Problem("changes.strategy.name", f"no strategy named {named}", "name one that exists")
        )
    before = plan if plan is not None else BUILT_IN.model_dump(mode="json")
    after = _patched(before, changes.strategy.body if changes.strategy else {})
    found = _closed(bodies, changes, problems) | _opened(bodies, changes, problems)
    added = [source.name for source in changes.new_sources]
    if after.get("source_list") and added:
        found |= _listed(bodies, str(after["source_list"]), added)
    attached, constraints = _constraints(after, changes, problems)
    found |= constraints
    after = after | ({"constraints": attached} if attached != after.get("constraints", []) else {})
    if after != before:
        problems += _problems("changes.strategy.body", StrategyBody.model_validate, after)
        found[("strategy", named)] = after
    if problems:
        raise Invalid("this scenario cannot be simulated", problems=problems)
    documents = tuple(
        {"kind": kind, "name": name, "body": body} for (kind, name), body in found.items()
    )
    return Changed(documents, named)


_Found = dict[tuple[str, str], Body]


def _closed(bodies: Bodies, changes: Changes, problems: list[Problem]) -> _Found:
    found: _Found = {}
    for i, name in enumerate(changes.closed_sources):
        body = bodies.get("source", {}).get(name)
        if body is None:
            problems.append(
                Problem(
                    f"changes.closed_sources.{i}", f"no source named {name}", "name one that exists"
                )
            )
        elif body.get("active", True):
            found[("source", name)] = body | {"active": False}
    return found


def _opened(bodies: Bodies, changes: Changes, problems: list[Problem]) -> _Found:
    found: _Found = {}
    for i, source in enumerate(changes.new_sources):
        where = f"changes.new_sources.{i}"
        if source.name in bodies.get("source", {}) or ("source", source.name) in found:
            problems.append(
                Problem(
                    f"{where}.name", f"there is a source named {source.name}", "choose another name"
                )
            )
        if source.stock_like and source.stock_like not in bodies.get("source", {}):
            what = f"no source named {source.stock_like}"
            problems.append(
                Problem(f"{where}.stock_like", what, "name one that exists, or give stock")
            )
        problems += _problems(f"{where}.body", SourceBody.model_validate, source.body)
        found[("source", source.name)] = source.body
    return found


def _listed(bodies: Bodies, name: str, added: list[str]) -> _Found:
    """The list the strategy chooses from, with the new sources."""
    body = bodies.get("source_list", {}).get(name)
    return {("source_list", name): body | {"sources": [*body["sources"], *added]}} if body else {}


def _constraints(plan: Body, changes: Changes, problems: list[Problem]) -> tuple[list[str], _Found]:
    attached = list(plan.get("constraints", []))
    found: _Found = {}
    for i, constraint in enumerate(changes.constraints):
        if constraint.body is None:
            if constraint.name not in attached:
                what = f"the strategy has no constraint {constraint.name}"
                problems.append(
                    Problem(
                        f"changes.constraints.{i}.name", what, "leave it out, or give it a body"
                    )
                )
            attached = [name for name in attached if name != constraint.name]
            continue
        problems += _problems(
            f"changes.constraints.{i}.body", ConstraintBody.model_validate, constraint.body
        )
        found[("constraint", constraint.name)] = constraint.body
        if constraint.name not in attached:
            attached.append(constraint.name)
    return attached, found


def _patched(body: Body, patch: Body) -> Body:
    """Fields replaced; objects inside (weights, batch) field by field."""
    merged = dict(body)
    for name, value in patch.items():
        old = merged.get(name)
        merged[name] = old | value if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _problems(where: str, read: Callable[[Body], BaseModel], body: Body) -> list[Problem]:
    try:
        read(body)
    except ValidationError as error:
        return [
            Problem(".".join([where, *map(str, e["loc"])]), e["msg"], "mend the document")
            for e in error.errors()
        ]
    return []
