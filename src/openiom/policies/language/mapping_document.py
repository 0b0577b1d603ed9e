"""The transformation document: how one message shape becomes another, as editable data."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from openiom.kernel import Problem

from .expression import check_expression
from .expression_analysis import RESERVED_WORDS

DEEPEST_LISTS = 5
"""Most levels of lists within the elements of lists."""
DEEPEST_PATH = 20
"""Most names of a target path."""
_SEGMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class FieldRule(_Part):
    """One target path and the expression that fills it."""

    path: str = Field(
        description="Where the value goes in the target document, dotted: ship_to.city"
    )
    expression: str = Field(description="What fills it, read from the source message")
    required: bool = Field(default=False, description="A missing value fails the message")
    default: JsonValue = Field(default=None, description="Used when the expression finds nothing")


class EachRule(_Part):
    """One target list, filled from a list of the source.

    Its expressions read the element by its name.
    """

    path: str = Field(description="Where the list goes in the target document: lines")
    over: str = Field(description="The source list, an expression: products")
    named: str = Field(
        default="item", alias="as", description="What one element is called in the expressions"
    )
    required: bool = Field(default=False, description="An empty list fails the message")
    fields: list[FieldRule] = Field(default_factory=list)
    each: list["EachRule"] = Field(default_factory=list, description="Lists within an element")


class KeyRule(_Part):
    """One lookup the message needs before it can be saved: an external field and its value."""

    field: str = Field(description="The external field's name: sku")
    value: str = Field(description="An expression for its value: item.sku")
    over: str | None = Field(
        default=None, description="A source list, when each element needs a lookup"
    )
    named: str = Field(
        default="item", alias="as", description="What one element is called in the expression"
    )
    into: str | None = Field(
        default=None, description="Target path that receives the internal id: lines[].product_id"
    )


class TransformationDocument(_Part):
    """A whole transformation.

    The order of the fields is that of `explain`; the order of the keys is that of the lookups.
    """

    source: str = Field(description="Name of the message shape it reads: bigcommerce.order")
    target: str = Field(description="Name of the document it makes: order")
    title: str = ""
    keys: dict[str, list[KeyRule]] = Field(
        default_factory=dict, description="Lookups by mapping table"
    )
    fields: list[FieldRule] = Field(default_factory=list)
    each: list[EachRule] = Field(default_factory=list)

    def body(self) -> dict[str, JsonValue]:
        """Return the JSON document that reads back as this one; defaults are left out."""
        body: dict[str, JsonValue] = self.model_dump(
            mode="json", by_alias=True, exclude_defaults=True
        )
        return body


def validate_transformation(body: Mapping[str, Any]) -> list[Problem]:
    """Return every problem of a transformation's JSON body; empty when it compiles."""
    try:
        document = TransformationDocument.model_validate(body)
    except ValidationError as error:
        return problems_of_shape(error)
    return list(transformation_problems(document))


def problems_of_shape(error: ValidationError) -> list[Problem]:
    """Return the faults of a body that does not fit its document, each at its dotted path."""
    problems = []
    for fault in error.errors():
        path = ".".join(map(str, fault["loc"]))
        problems.append(Problem(path, fault["msg"]))
    return problems


def transformation_problems(document: TransformationDocument) -> Iterator[Problem]:
    """Yield the problems of a document of the right shape: expressions, paths, names."""
    if not document.fields and not document.each:
        yield Problem("fields", "the transformation has no fields", "add a field")
    yield from _level_problems(document.fields, document.each, where="")
    for table, rules in document.keys.items():
        for index, rule in enumerate(rules):
            yield from _key_problems(document, rule, where=f"keys.{table}[{index}]")


def _key_problems(
    document: TransformationDocument, rule: KeyRule, *, where: str
) -> Iterator[Problem]:
    yield from check_expression(rule.value, where=f"{where}.value")
    if rule.over is not None:
        yield from check_expression(rule.over, where=f"{where}.over")
        yield from _name_problems(rule.named, where=f"{where}.as")
    if rule.into is not None:
        yield from _target_problems(document, rule, rule.into, where=f"{where}.into")


def _target_problems(
    document: TransformationDocument, rule: KeyRule, into: str, *, where: str
) -> Iterator[Problem]:
    """Check that a lookup per element goes into a list made from the very same elements.

    Otherwise ids would be written to other elements than their own.
    """
    yield from _path_problems(into.replace("[]", ""), where=where)
    lists = into.count("[]")
    is_per_element = rule.over is not None
    writes_to_list = lists > 0
    if is_per_element != writes_to_list:
        what = "use `[]` in `into` exactly when the key has `over`: lines[].product_id"
        yield Problem(where, what)
    elif lists > 1:
        yield Problem(where, "a key writes to one list only", "use `[]` once")
    elif is_per_element:
        target, _, _ = into.partition("[]")
        yield from _list_target_problems(document, rule, target, where)


def _list_target_problems(
    document: TransformationDocument, rule: KeyRule, target: str, where: str
) -> Iterator[Problem]:
    sources = {group.path: group.over for group in document.each}
    if sources.get(target) != rule.over:
        yield Problem(where, f"no list `{target}` is made over `{rule.over}`")


def _level_problems(
    fields: Sequence[FieldRule], each: Sequence[EachRule], *, where: str
) -> Iterator[Problem]:
    """Check the fields and lists of one level of the target; `where` is the level's place."""
    filled: dict[str, str] = {}
    for index, rule in enumerate(fields):
        place = f"{where}fields[{index}] ({rule.path})"
        yield from _path_problems(rule.path, where=place)
        yield from _collision_problems(rule.path, filled, place)
        yield from check_expression(rule.expression, where=place)

    for index, group in enumerate(each):
        place = f"{where}each[{index}] ({group.path})"
        yield from _path_problems(group.path, where=place)
        yield from _collision_problems(group.path, filled, place)
        yield from _group_problems(group, place)


def _group_problems(group: EachRule, place: str) -> Iterator[Problem]:
    yield from check_expression(group.over, where=f"{place}.over")
    yield from _name_problems(group.named, where=f"{place}.as")
    if place.count("each[") > DEEPEST_LISTS:
        yield Problem(place, f"lists are nested deeper than {DEEPEST_LISTS} levels", "flatten it")
        return
    if not group.fields and not group.each:
        yield Problem(place, "the list's elements have no fields", "add one")
    yield from _level_problems(group.fields, group.each, where=f"{place}.")


def _collision_problems(path: str, filled: dict[str, str], place: str) -> Iterator[Problem]:
    """Check that no other rule fills the path, or needs it as an object."""
    for other, other_place in filled.items():
        is_inside = path.startswith(f"{other}.") or other.startswith(f"{path}.")
        if path == other or is_inside:
            yield Problem(place, f"`{path}` is filled already by {other_place}")
            return
    filled[path] = place


def _path_problems(path: str, *, where: str) -> Iterator[Problem]:
    segments = path.split(".")
    if len(segments) > DEEPEST_PATH:
        yield Problem(where, f"a path has at most {DEEPEST_PATH} names, this has {len(segments)}")
    elif not all(_SEGMENT.fullmatch(segment) for segment in segments):
        yield Problem(
            where, f"`{path}` is not a path; use letters, digits and _ joined by dots: ship_to.city"
        )


def _name_problems(name: str, *, where: str) -> Iterator[Problem]:
    if not _SEGMENT.fullmatch(name) or name in RESERVED_WORDS:
        yield Problem(where, f"`{name}` cannot name an element; use a word such as item")
