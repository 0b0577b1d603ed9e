"""A business event before it is written to the log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact named in the past tense, such as `order.created`.

    `subject_type` and `subject_id` name what it happened to; `root_id` is the document whose
    timeline shows it, the order in most cases. `data` is JSON: strings, ints, floats, bools, None,
    lists and dicts, with money as strings.
    """

    name: str
    subject_type: str
    subject_id: UUID
    root_id: UUID
    data: Mapping[str, Any] = field(default_factory=dict)
