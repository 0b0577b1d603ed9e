"""The token: the position of a flow run, or of one of its branches."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from openiom.kernel import new_ids


@dataclass(slots=True, eq=False)
class Token:
    """The position of a flow run, as read from `orchestration.token` or newly made.

    step_result   how the step ended while the token waited: {"port", "reason", "duration_ms",
                  "details"}; None enters the step
    split_path    the splits it is inside of, innermost last, as "<splitter>:<split>"
    generation    which visit of a provider action it is at; 0 when it is at none
    is_new        it has no row yet
    is_sibling    it belongs to a flow run of the batch but was not claimed with it
    has_ended     it reached an end or was absorbed by a merge
    entries       what the steps of this batch did with it, as the history shows it
    """

    id: UUID
    run_id: UUID
    flow_version_id: int
    subject_id: UUID
    root_id: UUID
    step: str
    state: str
    step_result: dict[str, Any] | None
    split_path: Sequence[str]
    since_id: int
    consumed_event_ids: Sequence[int]
    generation: int
    entered_at: datetime
    due_at: datetime | None = None
    awaits: Sequence[str] = ()
    error: dict[str, Any] | None = None
    is_new: bool = False
    is_sibling: bool = False
    has_ended: bool = False
    entries: list[dict[str, Any]] = field(default_factory=list)

    def copy(self) -> "Token":
        """Return the same token without entries: a batch that fails leaves this one unchanged."""
        other = Token(*_VALUES(self))
        other.entries = []
        return other

    def branch(self, split: str, count: int) -> list["Token"]:
        """Put the token inside `split` and return it with `count - 1` new tokens beside it."""
        self.split_path = (*self.split_path, split)
        branches = [self]
        for new in new_ids(count - 1):
            branches.append(replace(self, id=new, is_new=True, entries=[]))
        return branches


_VALUES = attrgetter(*(field.name for field in fields(Token)))
