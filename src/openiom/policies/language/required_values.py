"""What a target document must have, prepared once and checked for every message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .mapping_document import EachRule, FieldRule

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RequiredList:
    """A list of the target; `elements` is None when its elements need nothing."""

    path: Path
    is_required: bool
    elements: "RequiredValues | None"

    def is_met_by(self, document: Mapping[str, Any]) -> bool:
        """Return whether the list is there if it must be, and its elements are complete."""
        elements = _value_at(document, self.path)
        if not elements:
            return not self.is_required
        if self.elements is None:
            return True
        return all(map(self.elements.are_in, elements))


@dataclass(frozen=True, slots=True)
class RequiredValues:
    """The required fields and lists of one level of a target."""

    names: tuple[str, ...]
    nested: tuple[Path, ...]
    lists: tuple[RequiredList, ...]

    def are_in(self, document: Mapping[str, Any]) -> bool:
        """Return whether a document has a value other than null and "" at every place."""
        for name in self.names:
            if document.get(name) in _BLANK:
                return False

        for path in self.nested:
            if _value_at(document, path) in _BLANK:
                return False

        return all([required.is_met_by(document) for required in self.lists])


_BLANK = (None, "")


def required_values(fields: Sequence[FieldRule], each: Sequence[EachRule]) -> RequiredValues | None:
    """Return what these rules require, None when it is nothing."""
    required = [rule.path for rule in fields if rule.required]
    names = [path for path in required if "." not in path]
    nested = [tuple(path.split(".")) for path in required if "." in path]
    lists = _required_lists(each)
    if not required and not lists:
        return None
    return RequiredValues(tuple(names), tuple(nested), tuple(lists))


def _required_lists(each: Sequence[EachRule]) -> list[RequiredList]:
    """Return the lists that are required, or whose elements require something."""
    lists: list[RequiredList] = []
    for group in each:
        elements = required_values(group.fields, group.each)
        if group.required or elements is not None:
            lists.append(RequiredList(tuple(group.path.split(".")), group.required, elements))
    return lists


def _value_at(document: Any, path: Path) -> Any:
    for name in path:
        if document is None:
            return None
        document = document.get(name)
    return document
