"""Policies as configuration documents, compiled once per content and process."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from openiom.kernel import NotFound, Problem
from openiom.platform.compiled_documents import CompiledDocuments
from openiom.platform.configuration import DocumentKind, current_documents

from .compiled_policy import CompiledPolicy
from .policy import PolicyDocument, column_title, validate_policy
from .tables import cell, table_node

KIND = "policy"

_KIND_BY_FIELD = {
    "source": "source",
    "strategy": "strategy",
    "account": "account",
    "price_list": "price_list",
}
_LITERAL = re.compile(r"""'(?P<single>[^']*)'|"(?P<double>[^"]*)\"""")


def _check(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    problems = validate_policy(body)
    if body.get("name") != name:
        what = f"the body says {body.get('name')!r}"
        problems.append(Problem("name", what, "use the document's own name"))
    return problems


def find_references(body: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, name, place) of the documents that a policy's cells name.

    These are the literals in columns that compare or set a field such as `source`. The body is
    that of a valid policy.
    """
    table = table_node(body["content"])["content"]
    for column in [*table["inputs"], *table["outputs"]]:
        kind = _kind_named_in(column)
        if kind is not None:
            for name, place in _literals(table["rules"], column):
                yield kind, name, place


def _kind_named_in(column: Mapping[str, Any]) -> str | None:
    """Return the kind of the documents that a column's cells name, if they name any."""
    field = str(column.get("field"))
    _, _, last_name = field.rpartition(".")
    return _KIND_BY_FIELD.get(last_name)


def _literals(
    rules: Sequence[Mapping[str, Any]], column: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield the texts in a column's cells, each with its place."""
    title = column_title(column)
    for number, rule in enumerate(rules, start=1):
        text = cell(rule, column["id"])
        for found in _LITERAL.finditer(text):
            yield found["single"] or found["double"] or "", f"row {number}, {title}"


KINDS = (DocumentKind(KIND, PolicyDocument, 30, check=_check, find_references=find_references),)


def _compile(name: str, body: dict[str, Any]) -> CompiledPolicy:
    return CompiledPolicy(PolicyDocument.model_validate(body))


_POLICIES = CompiledDocuments(KIND, _compile)


def policies_in_use(session: Session) -> dict[str, PolicyDocument]:
    """Return every policy in its current version, by name."""
    policies = {}
    for document in current_documents(session, KIND):
        policies[document.name] = PolicyDocument.model_validate(document.body)
    return policies


def compiled_policies(session: Session, names: Collection[str]) -> dict[str, CompiledPolicy]:
    """Return the current versions of these policies. Raise `NotFound`, naming the missing ones."""
    found = _POLICIES.get(session, names)
    missing = sorted(set(names) - found.keys())
    if missing:
        raise NotFound(f"no policy named {', '.join(missing)}", remedy="publish it first")
    return found
