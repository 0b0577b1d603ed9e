"""The transformation document: how one message shape becomes another, as data a user can read and edit."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from openiom.kernel import Problem

from .expression import check_expression

_SEGMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = {"and", "or", "not", "in", "as", "true", "false", "null"}


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
    """One target list, filled from a list of the source; its expressions read the element by its name."""

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
    """A whole transformation. Field order is the order of `explain`; key order that of the lookups."""

    source: str = Field(description="Name of the message shape it reads: bigcommerce.order")
    target: str = Field(description="Name of the document it makes: order")
    title: str = ""
    keys: dict[str, list[KeyRule]] = Field(
        default_factory=dict, description="Lookups by mapping table"
    )
    fields: list[FieldRule] = Field(default_factory=list)
    each: list[EachRule] = Field(default_factory=list)

    def body(self) -> dict[str, JsonValue]:
        """The JSON document that reads back as this one; what stands at its default is left out."""
        body: dict[str, JsonValue] = self.model_dump(
            mode="json", by_alias=True, exclude_defaults=True
        )
        return body


def validate_transformation(body: Mapping[str, Any]) -> list[Problem]:
    """Every fault of a transformation's JSON body at once, each with its place; empty when it compiles."""
    try:
        document = TransformationDocument.model_validate(body)
    except ValidationError as error:
        return [Problem(".".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors()]
    return list(problems(document))


def problems(document: TransformationDocument) -> Iterator[Problem]:
    """The faults a well-shaped document can still have: expressions, paths, names."""
    if not document.fields and not document.each:
        yield Problem("fields", "the transformation fills nothing; add a field")
    yield from _level(document.fields, document.each, where="")
    for table, rules in document.keys.items():
        for index, rule in enumerate(rules):
            where = f"keys.{table}[{index}]"
            yield from _expression(rule.value, where=f"{where}.value")
            if rule.over is not None:
                yield from _expression(rule.over, where=f"{where}.over")
                yield from _name(rule.named, where=f"{where}.as")
            if rule.into is not None:
                yield from _path(rule.into.replace("[]", ""), where=f"{where}.into")
                yield from _into(document, rule, where=f"{where}.into")


def _into(document: TransformationDocument, rule: KeyRule, *, where: str) -> Iterator[Problem]:
    """A lookup for each element goes into a list made from the very same elements, or ids would shift."""
    lists, _, _ = (rule.into or "").partition("[]")
    if (rule.over is not None) != ("[]" in (rule.into or "")):
        yield Problem(
            where, "use `[]` in `into` exactly when the key has `over`: lines[].product_id"
        )
    elif rule.over is not None:
        if (rule.into or "").count("[]") != 1:
            yield Problem(where, "a key reaches into one list only")
        elif not any(each.path == lists and each.over == rule.over for each in document.each):
            yield Problem(where, f"no list `{lists}` is made over `{rule.over}`")


def _level(
    fields: Sequence[FieldRule], each: Sequence[EachRule], *, where: str
) -> Iterator[Problem]:
    taken: dict[str, str] = {}
    for index, rule in enumerate(fields):
        place = f"{where}fields[{index}] ({rule.path})"
        yield from _path(rule.path, where=place)
        yield from _clash(rule.path, taken, place)
        yield from _expression(rule.expression, where=place)
    for index, group in enumerate(each):
        place = f"{where}each[{index}] ({group.path})"
        yield from _path(group.path, where=place)
        yield from _clash(group.path, taken, place)
        yield from _expression(group.over, where=f"{place}.over")
        yield from _name(group.named, where=f"{place}.as")
        if not group.fields and not group.each:
            yield Problem(place, "the list's elements have no fields; add one")
        yield from _level(group.fields, group.each, where=f"{place}.")


def _clash(path: str, taken: dict[str, str], place: str) -> Iterator[Problem]:
    """Two rules may not fill one path, nor may one fill a path another needs as an object."""
    for other in taken:
        if path == other or path.startswith(f"{other}.") or other.startswith(f"{path}."):
            yield Problem(place, f"`{path}` is filled already by {taken[other]}")
            return
    taken[path] = place


def _expression(text: str, *, where: str) -> Iterator[Problem]:
    problem = check_expression(text, where=where)
    if problem is not None:
        yield problem


def _path(path: str, *, where: str) -> Iterator[Problem]:
    if not all(_SEGMENT.fullmatch(segment) for segment in path.split(".")):
        yield Problem(
            where, f"`{path}` is not a path; use letters, digits and _ joined by dots: ship_to.city"
        )


def _name(name: str, *, where: str) -> Iterator[Problem]:
    if not _SEGMENT.fullmatch(name) or name in _RESERVED:
        yield Problem(where, f"`{name}` cannot name an element; use a word such as item")
