"""Policies as configuration documents, compiled once per version and process."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from openiom.kernel import NotFound, Problem
from openiom.platform.configuration import DocumentKind, current_documents, digest

from .compiled_policy import CompiledPolicy
from .policy import PolicyDocument, validate_policy
from .tables import table_node

KIND = "policy"
_compiled: dict[str, tuple[str, CompiledPolicy]] = {}


def _check(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    problems = validate_policy(body)
    if body.get("name") != name:
        problems.append(
            Problem("name", f"the body says {body.get('name')!r}", "use the document's own name")
        )
    return problems


_NAMED_BY_FIELD = {
    "source": "source",
    "strategy": "strategy",
    "account": "account",
    "price_list": "price_list",
}
_LITERAL = re.compile(r"""'([^']*)'|"([^"]*)\"""")


def _mentions(body: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Documents that a policy's cells name: literals in columns that compare or set such a field."""
    table = table_node(body["content"])["content"]
    for column in (*table["inputs"], *table["outputs"]):
        kind = _NAMED_BY_FIELD.get(str(column.get("field") or "").rpartition(".")[2])
        for number, rule in enumerate(table["rules"] if kind else (), start=1):
            for single, double in _LITERAL.findall(str(rule.get(column["id"]) or "")):
                yield (
                    str(kind),
                    single or double,
                    f"row {number}, {column.get('name') or column['field']}",
                )


KINDS = (DocumentKind(KIND, PolicyDocument, 30, check=_check, find_references=_mentions),)


def policies_in_use(session: Session) -> dict[str, PolicyDocument]:
    """Every policy in its current version, by name."""
    return {d.name: PolicyDocument.model_validate(d.body) for d in current_documents(session, KIND)}


def compiled_policies(session: Session, names: Collection[str]) -> dict[str, CompiledPolicy]:
    """The current versions of these policies, ready to judge. Raises NotFound naming the missing ones."""
    found = {}
    for document in current_documents(session, KIND, names=sorted(names)):
        kept, version = _compiled.get(document.name), digest(document.body)
        if kept is None or kept[0] != version:
            kept = (version, CompiledPolicy(PolicyDocument.model_validate(document.body)))
            _compiled[document.name] = kept
        found[document.name] = kept[1]
    missing = set(names) - found.keys()
    if missing:
        raise NotFound(f"no policy named {', '.join(sorted(missing))}", remedy="publish it first")
    return found
