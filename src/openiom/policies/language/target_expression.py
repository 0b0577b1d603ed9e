"""The expressions that make a transformation's target document and its lookup values. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from .expression import literal
from .mapping_document import EachRule, FieldRule, KeyRule


def key_expression(rule: KeyRule) -> str:
    """Return the expression that makes the list of a key's values."""
    if rule.over is None:
        return f"[({rule.value})]"
    return _list_expression(rule.over, rule.named, f"({rule.value})")


def object_expression(fields: Sequence[FieldRule], each: Sequence[EachRule]) -> str:
    """Return the expression that makes one object of the target, with its nested lists."""
    tree: dict[str, Any] = {}
    for rule in fields:
        _plant(tree, rule.path, _field_expression(rule))
    for group in each:
        element = object_expression(group.fields, group.each)
        _plant(tree, group.path, _list_expression(group.over, group.named, element))
    return _render(tree)


def _field_expression(rule: FieldRule) -> str:
    text = f"({rule.expression})"
    if rule.default is None:
        return text
    return f"({text} ?? {literal(rule.default)})"


def _list_expression(over: str, named: str, element: str) -> str:
    """Return the expression of a list; a source list that is missing makes an empty one."""
    return f"map((({over}) ?? []) as {named}, {element})"


def _plant(tree: dict[str, Any], path: str, text: str) -> None:
    """Put an expression at a dotted path of a tree of objects."""
    *parents, leaf = path.split(".")
    for name in parents:
        tree = tree.setdefault(name, {})
    tree[leaf] = text


def _render(tree: Mapping[str, Any]) -> str:
    members = []
    for name, value in tree.items():
        text = _render(value) if isinstance(value, dict) else value
        members.append(f'"{name}": {text}')
    return f"{{{', '.join(members)}}}"
