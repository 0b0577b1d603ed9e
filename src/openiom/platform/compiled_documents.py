"""Compiled forms of configuration documents, kept in the process until the documents change.

`CompiledConfiguration` compiles all current documents of some kinds into one object, for example
every calendar and carrier into a timetable. `CompiledDocuments` compiles each document of one kind
by itself, for example every policy. Both read one small query per lookup, which sees what the
caller's transaction sees, and key what they keep by content: a change is noticed by every process
at once, and two databases in one process do not share anything wrong.

`CompiledCache` is the cache below them; use it directly for rows that never change, such as
published versions.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Mapping
from threading import Lock
from typing import Any, Generic, NamedTuple, TypeVar

from psycopg import sql
from sqlalchemy.orm import Session

from .bulk import fetch, fetch_under_lock
from .configuration.store import current_bodies

Key = TypeVar("Key", bound=Hashable)
Compiled = TypeVar("Compiled")

Bodies = Mapping[str, Mapping[str, dict[str, Any]]]
"""Bodies of documents by kind and name; every requested kind is present."""

KEPT_STATES = 4
"""More than one only while the configuration changes, or with several databases."""
KEPT_DOCUMENTS = 1_000
_STATE = (
    "SELECT count(*), coalesce(max(id), 0),"
    " coalesce(bit_xor(hashtextextended(kind || ' ' || name || ' ' || digest, 0)), 0)"
    " FROM platform.configuration_document WHERE current AND NOT deleted"
)


class DocumentsState(NamedTuple):
    """Content of all current documents of some kinds; equal for equal documents."""

    documents: int
    newest_id: int
    content_hash: int


class CompiledCache(Generic[Key, Compiled]):
    """A thread-safe cache of compiled values; the least recently used leave first.

    Values are compiled outside the lock, so two threads that need the same new value at the same
    time may both compile it; both then work with values that mean the same.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[Key, Compiled] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get_many(
        self,
        keys: Collection[Key],
        compile_missing: Callable[[list[Key]], Mapping[Key, Compiled]],
    ) -> dict[Key, Compiled]:
        """Return the values of `keys`, compiling those that are missing in one call.

        Keys that `compile_missing` does not return are absent from the result.
        """
        found: dict[Key, Compiled] = {}
        missing: list[Key] = []
        with self._lock:
            for key in dict.fromkeys(keys):
                if key in self._kept:
                    self._kept.move_to_end(key)
                    found[key] = self._kept[key]
                else:
                    missing.append(key)

        if missing:
            compiled = compile_missing(missing)
            found.update(compiled)
            self._keep(compiled)

        return found

    def clear(self) -> None:
        """Forget every value."""
        with self._lock:
            self._kept.clear()

    def _keep(self, compiled: Mapping[Key, Compiled]) -> None:
        with self._lock:
            for key, value in compiled.items():
                self._kept[key] = value
                self._kept.move_to_end(key)
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)


class CompiledConfiguration(Generic[Compiled]):
    """All current documents of some kinds, compiled into one object.

    `compile` receives the session, for what it reads besides documents, and the bodies in the order
    in which their current versions were stored.
    """

    def __init__(
        self,
        kinds: Collection[str],
        compile: Callable[[Session, Bodies], Compiled],
        *,
        capacity: int = KEPT_STATES,
    ) -> None:
        self.kinds = tuple(sorted(kinds))
        self._compile = compile
        self._cache: CompiledCache[DocumentsState, Compiled] = CompiledCache(capacity)

    def current(self, session: Session, *, shared_lock: int | None = None) -> Compiled:
        """Return the compiled form of the documents as this transaction sees them.

        With `shared_lock`, first take this advisory lock until the transaction ends.
        """
        return self.current_with_state(session, shared_lock=shared_lock)[1]

    def current_with_state(
        self, session: Session, *, shared_lock: int | None = None
    ) -> tuple[DocumentsState, Compiled]:
        """Return the state of the documents and their compiled form."""
        while True:
            state = documents_state(session, self.kinds, shared_lock=shared_lock)
            compiled = self._cache.get_many(
                [state], lambda wanted: self._compile_unchanged(session, wanted)
            )
            if state in compiled:
                return state, compiled[state]

    def clear(self) -> None:
        """Forget every compiled form, for tests that count compilations."""
        self._cache.clear()

    def _compile_unchanged(
        self, session: Session, wanted: list[DocumentsState]
    ) -> dict[DocumentsState, Compiled]:
        """Return the compiled form, or nothing when another transaction changed the documents.

        A state read before its documents must not become the key of newer ones.
        """
        compiled = self._compile(session, current_bodies(session, self.kinds))
        if documents_state(session, self.kinds) not in wanted:
            return {}

        return {wanted[0]: compiled}


class CompiledDocuments(Generic[Compiled]):
    """The documents of one kind, each compiled by itself.

    `compile` receives the name and the body of one document.
    """

    def __init__(
        self,
        kind: str,
        compile: Callable[[str, dict[str, Any]], Compiled],
        *,
        capacity: int = KEPT_DOCUMENTS,
    ) -> None:
        self.kind = kind
        self._compile = compile
        self._cache: CompiledCache[tuple[str, str], Compiled] = CompiledCache(capacity)

    def get(self, session: Session, names: Collection[str] | None = None) -> dict[str, Compiled]:
        """Return the current documents by name, all of them when `names` is None.

        Names without a current document are absent from the result.
        """
        digests = _current_digests(session, self.kind, names)
        compiled = self._cache.get_many(
            digests, lambda missing: self._compile_documents(session, missing)
        )

        by_name: dict[str, Compiled] = {}
        for (name, _), value in compiled.items():
            by_name[name] = value

        return by_name

    def clear(self) -> None:
        """Forget every compiled document, for tests that count compilations."""
        self._cache.clear()

    def _compile_documents(
        self, session: Session, missing: list[tuple[str, str]]
    ) -> dict[tuple[str, str], Compiled]:
        names = [name for name, _ in missing]
        rows = fetch(
            session,
            "SELECT name, digest, body FROM platform.configuration_document"
            " WHERE kind = %s AND name = ANY(%s) AND current AND NOT deleted",
            (self.kind, names),
        )

        compiled: dict[tuple[str, str], Compiled] = {}
        for name, digest, body in rows:
            compiled[name, digest] = self._compile(name, body)

        return compiled


def documents_state(
    session: Session, kinds: Collection[str], *, shared_lock: int | None = None
) -> DocumentsState:
    """Return the state of all current documents of these kinds.

    With `shared_lock`, it is the state after this advisory lock was granted.
    """
    if shared_lock is None:
        [row] = fetch(session, f"{_STATE} AND kind = ANY(%s)", (list(kinds),))
        return DocumentsState(*row)

    literals = sql.SQL(",").join(kinds).as_string()
    [row] = fetch_under_lock(session, shared_lock, f"{_STATE} AND kind IN ({literals})")
    return DocumentsState(*row)


def _current_digests(
    session: Session, kind: str, names: Collection[str] | None
) -> list[tuple[str, str]]:
    wanted = None if names is None else list(names)
    rows = fetch(
        session,
        "SELECT name, digest FROM platform.configuration_document WHERE kind = %s"
        " AND current AND NOT deleted AND (%s::text[] IS NULL OR name = ANY(%s)) ORDER BY name",
        (kind, wanted, wanted),
    )
    return [(name, digest) for name, digest in rows]
