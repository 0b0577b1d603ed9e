"""The engine: what flows are made of, and the flow versions ready to run."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch_as
from openiom.platform.compiled_documents import CompiledCache

from .catalog import Catalog
from .compiler import executable_flow
from .context import ExecutableFlow
from .document import FlowDocument
from .plan import Plan
from .token import Token

KEPT_VERSIONS = 1_000


@dataclass(frozen=True, slots=True)
class FlowVersionRow:
    """A published version as stored."""

    id: int
    name: str
    version: int
    document: dict[str, Any]
    plan: dict[str, Any]

    def compile(self) -> ExecutableFlow:
        """Return the version ready to run."""
        return executable_flow(
            FlowDocument.model_validate(self.document),
            Plan.model_validate(self.plan),
            id=self.id,
            name=self.name,
            version=self.version,
        )


class FlowVersions:
    """Published versions, compiled when first used and kept: a version never changes."""

    def __init__(self) -> None:
        self._cache: CompiledCache[int, ExecutableFlow] = CompiledCache(KEPT_VERSIONS)

    def get(self, session: Session, ids: Collection[int]) -> Mapping[int, ExecutableFlow]:
        """Return the versions with these ids, by id."""
        return self._cache.get_many(ids, lambda missing: _compile_versions(session, missing))

    def of_tokens(self, session: Session, tokens: Iterable[Token]) -> Mapping[int, ExecutableFlow]:
        """Return the versions that these tokens execute, by id."""
        return self.get(session, {token.flow_version_id for token in tokens})


def _compile_versions(session: Session, ids: list[int]) -> dict[int, ExecutableFlow]:
    rows = fetch_as(
        session,
        FlowVersionRow,
        "SELECT id, name, version, document, plan FROM orchestration.flow_version"
        " WHERE id = ANY(%s)",
        (ids,),
    )
    return {row.id: row.compile() for row in rows}


@dataclass(frozen=True)
class Engine:
    """What workers and operations need; one per process."""

    catalog: Catalog
    flows: FlowVersions = field(default_factory=FlowVersions)
