"""Which records mappings name, and the refusal of mappings to records that do not exist."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from openiom.kernel import Invalid, Problem
from openiom.platform.configuration import Document, existing_documents

from .mapping_body import DOCUMENT_KINDS, WILDCARD, MappingBody


class _Target(NamedTuple):
    """A document that a mapping names, and in which field."""

    kind: str
    name: str
    field: str


def refuse_unknown_records(session: Session, mappings: Mapping[int, MappingBody]) -> None:
    """Raise `Invalid` naming each mapping, by its place in a request, to no record."""
    found = unknown_records(session, list(mappings.values()), {})
    places = list(mappings)
    problems = []
    for index, problem in found:
        where = f"mappings.{places[index]}.{problem.where}"
        problems.append(Problem(where, problem.what, problem.remedy))

    if problems:
        raise Invalid(
            "nothing was saved, because a mapping names something that does not exist",
            where="mappings",
            problems=problems,
            remedy="choose a record that exists, or create it first",
        )


def check_documents(
    session: Session, documents: Sequence[Document], given: Mapping[str, Collection[str]]
) -> list[Problem]:
    """Return the problems of mapping documents that name no record; `given` are in the request."""
    mappings = [MappingBody.model_validate(document.body) for document in documents]
    problems = []
    for index, problem in unknown_records(session, mappings, given):
        where = f"mapping {documents[index].name}, {problem.where}"
        problems.append(Problem(where, problem.what, problem.remedy))
    return problems


def unknown_records(
    session: Session, mappings: Sequence[MappingBody], given: Mapping[str, Collection[str]]
) -> list[tuple[int, Problem]]:
    """Return a problem with the index of its mapping for each name without a record, in order."""
    targets = [_targets(mapping) for mapping in mappings]
    wanted = {(target.kind, target.name) for group in targets for target in group}
    known = existing_documents(session, wanted) if wanted else set()

    problems = []
    for index, group in enumerate(targets):
        for target in group:
            is_known = (target.kind, target.name) in known
            if not is_known and not _is_given(target, given):
                problems.append((index, _problem(mappings[index], target)))

    return problems


def _is_given(target: _Target, given: Mapping[str, Collection[str]]) -> bool:
    """Return whether the request that names a record contains it too."""
    return target.name in given.get(target.kind, ())


def _targets(mapping: MappingBody) -> list[_Target]:
    """Return the documents that a mapping names; contacts and unit groups are no documents."""
    targets = []
    kind = DOCUMENT_KINDS.get(mapping.table)
    if kind is not None and mapping.internal != WILDCARD:
        targets.append(_Target(kind, mapping.internal, "internal"))
    if mapping.scope == "instance":
        targets.append(_Target("provider_instance", mapping.scope_name, "scope_name"))
    return targets


def _problem(mapping: MappingBody, target: _Target) -> Problem:
    subject = target.kind.replace("_", " ")
    if target.field == "scope_name":
        what = f'there is no {subject} "{target.name}", so the mapping would never apply'
        return Problem(target.field, what, "name an installed provider")

    what = (
        f'there is no {subject} "{target.name}", so messages with {mapping.field}'
        f' "{mapping.value}" would be parked again'
    )
    return Problem(target.field, what, f"choose a {subject} that exists, or create it first")
