"""Application and deletion of documents."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from openiom.kernel import Invalid, NotFound, Problem, Refused

from .comparison import changed_paths, digest
from .kinds import DeletionGuard, DocumentChange, DocumentKind
from .store import (
    Document,
    current_documents,
    current_names,
    last_versions,
    lock_for_applying,
    lock_for_deleting,
    names_at_path,
    store_versions,
)

_SHOWN_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A document to apply."""

    kind: DocumentKind
    name: str
    body: dict[str, Any]

    @property
    def label(self) -> str:
        """The kind and the name, as problems name the document."""
        return f"{self.kind.name} {self.name}"


@dataclass
class Configuration:
    """The kinds of documents of this application."""

    kinds: dict[str, DocumentKind] = field(default_factory=dict)
    deletion_guards: dict[str, list[DeletionGuard]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add_deletion_guard(self, kind: str, guard: DeletionGuard) -> None:
        """Check `guard` as well before documents of a kind are deleted.

        For data of packages that the kind's own package does not know.
        """
        self.deletion_guards[kind].append(guard)

    def register(self, *kinds: DocumentKind) -> None:
        """Add kinds; a kind of the same name is replaced."""
        for kind in kinds:
            self.kinds[kind.name] = kind

    def kind(self, name: str) -> DocumentKind:
        """Return a kind by its name. Raise `NotFound`."""
        if name not in self.kinds:
            known = ", ".join(sorted(self.kinds))
            raise NotFound(f"no document kind {name!r}", remedy=f"known kinds: {known}")
        return self.kinds[name]

    def apply(
        self,
        session: Session,
        documents: Iterable[Mapping[str, Any]],
        *,
        at: datetime,
        actor: str,
        dry_run: bool = False,
        prune: bool = False,
    ) -> list[DocumentChange]:
        """Store documents given as `{"kind", "name", "body"}`, all or none, and return the changes.

        `dry_run` returns the changes without making them. `prune` deletes the current documents of
        these kinds that are not among `documents`; a dry run does not check whether they are in
        use, because the other changes may end that use. Raise `Invalid` with every problem of every
        document, and `Refused` when a pruned document is in use.
        """
        wanted = self._parse(documents)
        _refuse_duplicates(wanted)
        _check_schemas(wanted)
        if not dry_run and prune:
            lock_for_deleting(session)
        elif not dry_run:
            lock_for_applying(session)

        changes: list[DocumentChange] = []
        groups = _by_kind(wanted)
        given = {kind: _names(group) for kind, group in groups.items()}
        for kind, group in groups.items():
            versions, kind_changes = _new_versions(session, self.kinds[kind], group)
            _check_all(session, self.kinds[kind], versions, given)
            changes += kind_changes
            if not dry_run:
                _store_and_publish(session, self.kinds[kind], versions, at=at, actor=actor)

        if not prune:
            return changes

        pruned = _pruned(session, wanted)
        if dry_run:
            return [*changes, *_removals(session, pruned)]

        return [*changes, *self.remove(session, pruned, at=at, actor=actor)]

    def remove(
        self,
        session: Session,
        documents: Iterable[tuple[str, str]],
        *,
        at: datetime,
        actor: str,
        dry_run: bool = False,
    ) -> list[DocumentChange]:
        """Delete documents given as (kind, name), all or none; their versions stay readable.

        `dry_run` only checks whether they may be deleted. Raise `NotFound`, and `Refused` naming
        everything that still needs one of them.
        """
        names_by_kind: dict[str, list[str]] = defaultdict(list)
        for kind, name in sorted(set(documents)):
            names_by_kind[self.kind(kind).name].append(name)

        if names_by_kind and not dry_run:
            lock_for_deleting(session)

        found = _existing(session, names_by_kind)
        problems = list(self._uses(session, names_by_kind))
        if problems:
            count = sum(len(names) for names in names_by_kind.values())
            raise _in_use(problems, count)

        if not dry_run:
            self._delete(session, found, at=at, actor=actor)

        removed: list[DocumentChange] = []
        for existing in found.values():
            removed += map(_removal, _next_versions(existing))

        return removed

    def export(self, session: Session, kinds: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """Return all current documents, ready to be applied elsewhere, with secrets redacted."""
        wanted = self.kinds.keys() if kinds is None else self.kinds.keys() & set(kinds)
        exported: list[dict[str, Any]] = []
        for name in sorted(wanted, key=lambda name: (self.kinds[name].order, name)):
            exported += _exported(session, self.kinds[name])
        return exported

    def _parse(self, documents: Iterable[Mapping[str, Any]]) -> list[_Wanted]:
        """Return documents with their kinds, in the order in which kinds are applied."""
        wanted: list[_Wanted] = []
        for document in documents:
            kind = self.kind(document["kind"])
            wanted.append(_Wanted(kind, str(document["name"]), dict(document["body"])))
        return sorted(wanted, key=lambda one: one.kind.order)

    def _delete(
        self, session: Session, found: Mapping[str, Sequence[Document]], *, at: datetime, actor: str
    ) -> None:
        """Store a deleted version of each document, kinds in descending order."""
        for kind in sorted(found, key=lambda name: -self.kinds[name].order):
            versions = _next_versions(found[kind])
            store_versions(session, versions, at=at, actor=actor, deleted=True)
            _call_on_delete(session, self.kinds[kind], versions)

    def _uses(self, session: Session, leaving: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
        """Yield why documents must stay: data or other documents, which do not leave, need them."""
        users = sorted(self.kinds.values(), key=lambda user: user.name)
        for kind, names in leaving.items():
            for user in users:
                leaving_too = leaving.get(user.name, ())
                yield from _references(session, user, kind, names, except_in=leaving_too)
            for guard in self._guards(kind):
                yield from guard(session, names)

    def _guards(self, kind: str) -> list[DeletionGuard]:
        """Return the guards of a kind, the one of its own package first."""
        guards = list(self.deletion_guards[kind])
        own_guard = self.kinds[kind].deletion_guard
        return guards if own_guard is None else [own_guard, *guards]


def _exported(session: Session, kind: DocumentKind) -> list[dict[str, Any]]:
    """Return the current documents of a kind, redacted."""
    exported: list[dict[str, Any]] = []
    for document in current_documents(session, kind.name):
        body = kind.redact(document.body) if kind.redact else document.body
        exported.append({"kind": kind.name, "name": document.name, "body": body})
    return exported


def _next_versions(documents: Sequence[Document]) -> list[Document]:
    """Return documents under the number of their next version, with the same body."""
    versions: list[Document] = []
    for document in documents:
        version = document.version + 1
        versions.append(Document(document.kind, document.name, version, document.body))
    return versions


def _by_kind(wanted: Sequence[_Wanted]) -> dict[str, list[_Wanted]]:
    groups: dict[str, list[_Wanted]] = {}
    for one in wanted:
        groups.setdefault(one.kind.name, []).append(one)
    return groups


def _names(group: Sequence[_Wanted]) -> set[str]:
    return {one.name for one in group}


def _refuse_duplicates(wanted: Sequence[_Wanted]) -> None:
    """Raise `Invalid` when a request contains the same document twice."""
    counts = Counter(one.label for one in wanted)
    problems: list[Problem] = []
    for label, count in counts.items():
        if count > 1:
            problems.append(Problem(label, "is given more than once", "keep one of them"))
    if problems:
        raise _cannot_apply(problems)


def _check_schemas(wanted: Sequence[_Wanted]) -> None:
    """Raise `Invalid` with every fault of every body."""
    problems: list[Problem] = []
    for one in wanted:
        problems += _schema_problems(one)
    if problems:
        raise _cannot_apply(problems)


def _schema_problems(wanted: _Wanted) -> list[Problem]:
    try:
        wanted.kind.schema.model_validate(wanted.body)
    except ValidationError as error:
        return _faults(wanted, error)
    return []


def _faults(wanted: _Wanted, error: ValidationError) -> list[Problem]:
    """Return each fault that the schema of a kind finds, at its path in the document."""
    problems: list[Problem] = []
    for fault in error.errors():
        path = ".".join(map(str, fault["loc"])) or "body"
        problems.append(Problem(f"{wanted.label}, {path}", fault["msg"]))
    return problems


def _new_versions(
    session: Session, kind: DocumentKind, group: Sequence[_Wanted]
) -> tuple[list[Document], list[DocumentChange]]:
    """Return the versions to store, and the changes of all documents of one kind.

    Raise `Invalid` with the problems that the kind's own check finds.
    """
    names = [one.name for one in group]
    current = {
        document.name: document for document in current_documents(session, kind.name, names=names)
    }
    last = last_versions(session, kind.name, names)

    versions: list[Document] = []
    changes: list[DocumentChange] = []
    problems: list[Problem] = []
    for one in group:
        old = current.get(one.name)
        body = _encrypted(one, old)
        if old and digest(old.body) == digest(body):
            changes.append(DocumentChange(kind.name, one.name, "unchanged", old.version))
            continue

        problems += _check_problems(session, one, body)
        new = Document(kind.name, one.name, last.get(one.name, 0) + 1, body)
        versions.append(new)
        changes.append(_change(old, new))

    if problems:
        raise _cannot_apply(problems)

    return versions, changes


def _check_all(
    session: Session,
    kind: DocumentKind,
    versions: Sequence[Document],
    given: Mapping[str, Collection[str]],
) -> None:
    """Raise `Invalid` with the problems that the kind's check of many documents finds."""
    if kind.check_all is None or not versions:
        return

    problems = list(kind.check_all(session, versions, given))
    if problems:
        raise _cannot_apply(problems)


def _encrypted(wanted: _Wanted, old: Document | None) -> dict[str, Any]:
    encrypt = wanted.kind.encrypt
    if encrypt is None:
        return wanted.body
    return encrypt(wanted.body, old.body if old else None)


def _check_problems(session: Session, wanted: _Wanted, body: dict[str, Any]) -> list[Problem]:
    """Return what the kind's own check finds, with the document in front of each place."""
    check = wanted.kind.check
    if check is None:
        return []

    problems: list[Problem] = []
    for problem in check(session, wanted.name, body):
        where = f"{wanted.label}, {problem.where}"
        problems.append(Problem(where, problem.what, problem.remedy))

    return problems


def _change(old: Document | None, new: Document) -> DocumentChange:
    if old is None:
        return DocumentChange(new.kind, new.name, "added", new.version)
    paths = tuple(changed_paths(old.body, new.body))
    return DocumentChange(new.kind, new.name, "changed", new.version, paths)


def _removal(version: Document) -> DocumentChange:
    return DocumentChange(version.kind, version.name, "removed", version.version)


def _store_and_publish(
    session: Session,
    kind: DocumentKind,
    versions: Sequence[Document],
    *,
    at: datetime,
    actor: str,
) -> None:
    if not versions:
        return

    store_versions(session, versions, at=at, actor=actor)
    if kind.on_apply:
        kind.on_apply(session, versions)


def _pruned(session: Session, wanted: Sequence[_Wanted]) -> list[tuple[str, str]]:
    """Return the current documents of the wanted kinds that are not wanted."""
    given = {(one.kind.name, one.name) for one in wanted}
    pruned: list[tuple[str, str]] = []
    for kind in sorted({kind for kind, _ in given}):
        for name in current_names(session, kind):
            if (kind, name) not in given:
                pruned.append((kind, name))
    return pruned


def _removals(session: Session, documents: Sequence[tuple[str, str]]) -> list[DocumentChange]:
    names_by_kind: dict[str, list[str]] = defaultdict(list)
    for kind, name in documents:
        names_by_kind[kind].append(name)
    changes: list[DocumentChange] = []
    for kind, names in names_by_kind.items():
        current = current_documents(session, kind, names=names)
        changes += map(_removal, _next_versions(current))
    return changes


def _existing(
    session: Session, names_by_kind: Mapping[str, Sequence[str]]
) -> dict[str, list[Document]]:
    """Return the current documents of these names by kind. Raise `NotFound` naming the missing."""
    found: dict[str, list[Document]] = {}
    missing: list[str] = []
    for kind, names in names_by_kind.items():
        found[kind] = current_documents(session, kind, names=names)
        missing += _missing(kind, names, found[kind])

    if missing:
        what = f"no {', no '.join(missing)}"
        raise NotFound(what, remedy="list the documents with iom config export")

    return found


def _call_on_delete(session: Session, kind: DocumentKind, deleted: Sequence[Document]) -> None:
    if kind.on_delete:
        kind.on_delete(session, [document.name for document in deleted])


def _missing(kind: str, names: Sequence[str], found: Sequence[Document]) -> list[str]:
    """Return the names without a document, as the error lists them."""
    existing = {document.name for document in found}
    return [f"{kind} named {name}" for name in names if name not in existing]


def _references(
    session: Session,
    user: DocumentKind,
    kind: str,
    names: Sequence[str],
    *,
    except_in: Sequence[str],
) -> Iterator[Problem]:
    """Yield where current documents of the kind `user` name documents that are to be deleted."""
    for path in user.references.get(kind, ()):
        held = names_at_path(
            session, user.name, path, wanted=names, except_in=except_in, limit=_SHOWN_PROBLEMS
        )
        for name, holder in held:
            yield _is_used(kind, name, user.name, holder, path.removeprefix("$."))

    if user.find_references is None:
        return

    wanted = {(kind, name) for name in names}
    for document in current_documents(session, user.name):
        if document.name not in except_in:
            found = user.find_references(document.body)
            yield from _wanted_references(user, document.name, found, wanted)


def _wanted_references(
    user: DocumentKind,
    document: str,
    found: Iterable[tuple[str, str, str]],
    wanted: set[tuple[str, str]],
) -> Iterator[Problem]:
    """Yield the references of a document to one of the wanted (kind, name), each once."""
    for kind, name, where in dict.fromkeys(found):
        if (kind, name) in wanted:
            yield _is_used(kind, name, user.name, document, where)


def _is_used(kind: str, name: str, user: str, document: str, where: str) -> Problem:
    what = f"is used by {user} {document} ({where})"
    return Problem(f"{kind} {name}", what, f"change or delete that {user}")


def _in_use(problems: Sequence[Problem], documents: int) -> Refused:
    subject = "this document is" if documents == 1 else "some of these documents are"
    return Refused(
        f"{subject} in use and cannot be deleted",
        problems=problems[:_SHOWN_PROBLEMS],
        remedy="end its use first",
    )


def _cannot_apply(problems: Sequence[Problem]) -> Invalid:
    return Invalid("these documents cannot be applied", problems=problems)
