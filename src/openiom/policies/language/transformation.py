"""Transformations: messages in, documents out; a message that fails never affects its batch.

The whole document is one compiled expression, evaluated once per message: measured on real orders,
that is faster than one call over an array of messages (the engine copies an array twice), and a
failure concerns its message only.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
import zen

from openiom.kernel import Invalid

from .expression import call_engine, engine_message, literal, normalize, pick, values_read
from .expression_analysis import members_read, needed_roots
from .mapping_document import (
    EachRule,
    FieldRule,
    KeyRule,
    TransformationDocument,
    transformation_problems,
)

Payload = Mapping[str, Any] | bytes | str

_REQUIRED = "is required and the message does not have it"
_KINDS = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    type(None): "null",
}


class MappingKey(NamedTuple):
    """A lookup: the internal id of `field = value` in `table`, written to `into` if given."""

    table: str
    field: str
    value: str
    into: str | None


class Transformed(NamedTuple):
    """The target document and its lookups, in the order of the keys and of the source's lists."""

    document: dict[str, Any]
    keys: tuple[MappingKey, ...]


class TransformFailure(NamedTuple):
    """The first target path that could not be filled: its expression, why, and the values read."""

    path: str
    expression: str
    message: str
    values: dict[str, Any]


class Explained(NamedTuple):
    """One target path of one message: its expression, and its value or the error in its place."""

    path: str
    expression: str
    value: Any
    error: str | None


class _Step(NamedTuple):
    """One expression evaluated by itself."""

    path: str
    expression: str
    scope: Mapping[str, Any]
    value: Any = None
    error: str | None = None

    def explained(self) -> Explained:
        return Explained(self.path, self.expression, self.value, self.error)


class Transformation:
    """A compiled transformation. Creating one raises `Invalid` with every problem at once."""

    def __init__(self, document: TransformationDocument) -> None:
        problems = list(transformation_problems(document))
        if problems:
            raise Invalid(
                "the transformation does not compile",
                where=f"{document.source} to {document.target}",
                remedy="correct the expressions and paths that are listed",
                problems=problems,
            )
        self.document = document
        self._keys = list(_key_rules(document))
        target = _object_expression(document.fields, document.each)
        keys = ", ".join(_key_expression(rule) for _, rule in self._keys)
        self._compiled = zen.compile_expression(f"{{document: {target}, keys: [{keys}]}}")
        self._roots = needed_roots(_all_expressions(document))
        self._list_members = _read_list_members(document, self._roots)
        self._single: dict[str, Any] = {}
        self._has_required = _has_required(document.fields, document.each)

    def transform_many(self, payloads: Sequence[Payload]) -> list[Transformed | TransformFailure]:
        """Return one result per payload, in order. A payload is an object or its JSON text."""
        return [self._transform(payload) for payload in payloads]

    def explain(self, payload: Payload) -> list[Explained]:
        """Return every target path and key of one payload with its value: the live preview."""
        source = _parse(payload)
        if isinstance(source, TransformFailure):
            return [Explained("", "", None, source.message)]
        return [step.explained() for step in self._steps(source)]

    def _transform(self, payload: Payload) -> Transformed | TransformFailure:
        source = _parse(payload)
        if isinstance(source, TransformFailure):
            return source
        try:
            result = call_engine(self._compiled.evaluate, self._project(source))
            result = normalize(result, strip=True)
        except (RuntimeError, ValueError) as error:
            return self._first_failure(source, engine_message(error))
        document = result["document"]
        if self._has_required and not _is_complete(
            document, self.document.fields, self.document.each
        ):
            return self._first_failure(source, "a required value is missing")
        return Transformed(document, tuple(self._found_keys(result["keys"])))

    def _project(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the expressions can read: most of a message's cost is passing it on."""
        needed = _project_names(source, self._roots)
        for name, members in self._list_members.items():
            elements = needed.get(name)
            if isinstance(elements, list):
                needed[name] = _project_elements(elements, members)
        return needed

    def _found_keys(self, lists: Sequence[Sequence[Any]]) -> Iterator[MappingKey]:
        for (table, rule), values in zip(self._keys, lists, strict=True):
            for index, value in enumerate(values):
                if _is_blank(value):
                    continue
                into = rule.into.replace("[]", f"[{index}]") if rule.into else None
                yield MappingKey(table, rule.field, _as_text(value), into)

    def _first_failure(self, source: Mapping[str, Any], message: str) -> TransformFailure:
        """Evaluate each expression by itself, slowly, until one fails."""
        for step in self._steps(source):
            if step.error is not None:
                values = values_read(step.expression, step.scope)
                return TransformFailure(step.path, step.expression, step.error, values)
        return TransformFailure("", "", message, {})

    def _steps(self, source: Mapping[str, Any]) -> Iterator[_Step]:
        yield from self._level_steps(self.document.fields, self.document.each, dict(source), "")
        for table, rules in self.document.keys.items():
            for number, rule in enumerate(rules):
                place = f"keys.{table}[{number}].{rule.field}"
                yield from self._key_steps(rule, source, place)

    def _key_steps(self, rule: KeyRule, source: Mapping[str, Any], place: str) -> Iterator[_Step]:
        if rule.over is None:
            yield self._step(place, rule.value, source)
            return
        elements = self._step("", rule.over, source).value
        if not isinstance(elements, list):
            return
        for index, element in enumerate(elements):
            scope = {**source, rule.named: element}
            yield self._step(f"{place}[{index}]", rule.value, scope)

    def _level_steps(
        self,
        fields: Sequence[FieldRule],
        each: Sequence[EachRule],
        scope: Mapping[str, Any],
        prefix: str,
    ) -> Iterator[_Step]:
        for rule in fields:
            yield self._field_step(rule, scope, prefix)
        for group in each:
            over = self._list_step(group, scope, prefix)
            if over.error is not None:
                yield over._replace(value=None)
                continue
            for index, element in enumerate(over.value or ()):
                inner = {**scope, group.named: element}
                inner_prefix = f"{prefix}{group.path}[{index}]."
                yield from self._level_steps(group.fields, group.each, inner, inner_prefix)

    def _field_step(self, rule: FieldRule, scope: Mapping[str, Any], prefix: str) -> _Step:
        step = self._step(f"{prefix}{rule.path}", rule.expression, scope)
        if step.error is not None:
            return step
        if step.value is None:
            step = step._replace(value=rule.default)
        if rule.required and _is_blank(step.value):
            return step._replace(error=_REQUIRED)
        return step

    def _list_step(self, group: EachRule, scope: Mapping[str, Any], prefix: str) -> _Step:
        step = self._step(f"{prefix}{group.path}", group.over, scope)
        if step.error is not None:
            return step
        if step.value is not None and not isinstance(step.value, list):
            return step._replace(error=f"a list is needed, found {_kind_of(step.value)}")
        if group.required and not step.value:
            return step._replace(error=_REQUIRED)
        return step

    def _step(self, path: str, expression: str, scope: Mapping[str, Any]) -> _Step:
        compiled = self._single.get(expression)
        if compiled is None:
            compiled = zen.compile_expression(expression)
            self._single[expression] = compiled
        needed = _project_names(scope, needed_roots([expression]))
        try:
            value = normalize(call_engine(compiled.evaluate, needed))
        except (RuntimeError, ValueError) as error:
            return _Step(path, expression, scope, error=engine_message(error))
        return _Step(path, expression, scope, value)


def resolve_keys(
    transformed: Transformed, found: Mapping[tuple[str, str, str], Any]
) -> tuple[dict[str, Any], list[MappingKey]]:
    """Return the document with the internal ids in place, and the keys that `found` lacks.

    `found` maps (table, field, value) to an id. The document passed in is not mutated.
    """
    document: dict[str, Any] = orjson.loads(orjson.dumps(transformed.document))
    missing = []
    for key in transformed.keys:
        identity = found.get((key.table, key.field, key.value))
        if identity is None:
            missing.append(key)
        elif key.into is not None:
            _write(document, key.into, identity)
    return document, missing


def _write(document: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a path, adding objects that are missing on the way."""
    parent, _, name = path.rpartition(".")
    target = pick(document, parent) if parent else document
    if target is None:
        target = document
        for part in parent.split("."):
            target = target.setdefault(part, {})
    target[name] = value


def _parse(payload: Payload) -> Mapping[str, Any] | TransformFailure:
    source: Any = payload
    if isinstance(payload, bytes | str):
        try:
            source = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            return TransformFailure("", "", f"the message is not JSON: {error}", {})
    if not isinstance(source, Mapping):
        what = f"the message is {_kind_of(source)}, not an object"
        return TransformFailure("", "", what, {})
    return source


def _project_names(source: Mapping[str, Any], names: frozenset[str] | None) -> dict[str, Any]:
    """Return the members with these names; all of them when `names` is None."""
    if names is None:
        return dict(source)
    return {name: source[name] for name in names if name in source}


def _project_elements(elements: list[Any], members: frozenset[str]) -> list[Any]:
    """Return the elements with these members only; as they are when one is no object."""
    projected = []
    for element in elements:
        if not isinstance(element, dict):
            return elements
        projected.append({name: element[name] for name in members if name in element})
    return projected


def _key_expression(rule: KeyRule) -> str:
    """Return the expression that makes the list of a key's values."""
    if rule.over is None:
        return f"[({rule.value})]"
    return f"map((({rule.over}) ?? []) as {rule.named}, ({rule.value}))"


def _object_expression(fields: Sequence[FieldRule], each: Sequence[EachRule]) -> str:
    """Return the expression that makes one object of the target, with its nested lists."""
    tree: dict[str, Any] = {}
    for rule in fields:
        text = f"({rule.expression})"
        if rule.default is not None:
            text = f"({text} ?? {literal(rule.default)})"
        _plant(tree, rule.path, text)
    for group in each:
        element = _object_expression(group.fields, group.each)
        _plant(tree, group.path, f"map((({group.over}) ?? []) as {group.named}, {element})")
    return _render(tree)


def _plant(tree: dict[str, Any], path: str, text: str) -> None:
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


def _read_list_members(
    document: TransformationDocument, roots: frozenset[str] | None
) -> dict[str, frozenset[str]]:
    """Return the source lists of which only some members are read, with those members.

    A list qualifies when it is named in `over` and nowhere else, and its element is never read as
    a whole.
    """
    if roots is None:
        return {}
    readers = _list_readers(document)
    named_elsewhere = _names_outside_over(document)
    found = {}
    for over, parts in readers.items():
        members = _union(parts)
        if members is not None and over.isidentifier() and over not in named_elsewhere:
            found[over] = members
    return found


def _list_readers(
    document: TransformationDocument,
) -> dict[str, list[frozenset[str] | None]]:
    """Return, by the `over` of a list, what each of its readers reads of an element."""
    readers: dict[str, list[frozenset[str] | None]] = {}
    for group in document.each:
        parts = [members_read(text, group.named) for text in _group_expressions(group)]
        readers.setdefault(group.over, []).append(_union(parts))
    for _, rule in _key_rules(document):
        if rule.over is not None:
            readers.setdefault(rule.over, []).append(members_read(rule.value, rule.named))
    return readers


def _names_outside_over(document: TransformationDocument) -> frozenset[str]:
    """Return the names that are read anywhere but as the whole `over` of a list."""
    overs: set[str] = set()
    texts: list[str] = []
    for rule in document.fields:
        texts.append(rule.expression)
    for group in document.each:
        overs.add(group.over)
        texts.extend(_group_expressions(group))
    for _, key in _key_rules(document):
        overs.add(key.over or "")
        texts.append(key.value)
    texts.extend(over for over in overs if not over.isidentifier())
    return needed_roots(texts) or frozenset()


def _union(parts: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    names: set[str] = set()
    for part in parts:
        if part is None:
            return None
        names |= part
    return frozenset(names)


def _key_rules(document: TransformationDocument) -> Iterator[tuple[str, KeyRule]]:
    for table, rules in document.keys.items():
        for rule in rules:
            yield table, rule


def _all_expressions(document: TransformationDocument) -> Iterator[str]:
    for rule in document.fields:
        yield rule.expression
    for group in document.each:
        yield group.over
        yield from _group_expressions(group)
    for _, key in _key_rules(document):
        yield key.value
        yield key.over or ""


def _group_expressions(group: EachRule) -> Iterator[str]:
    for rule in group.fields:
        yield rule.expression
    for inner in group.each:
        yield inner.over
        yield from _group_expressions(inner)


def _has_required(fields: Sequence[FieldRule], each: Sequence[EachRule]) -> bool:
    if any(rule.required for rule in fields):
        return True
    return any(group.required or _has_required(group.fields, group.each) for group in each)


def _is_complete(
    document: Mapping[str, Any], fields: Sequence[FieldRule], each: Sequence[EachRule]
) -> bool:
    for rule in fields:
        if rule.required and _is_blank(_value_at(document, rule.path)):
            return False
    return all(_is_complete_list(document, group) for group in each)


def _is_complete_list(document: Mapping[str, Any], group: EachRule) -> bool:
    elements = _value_at(document, group.path)
    if group.required and not elements:
        return False
    if not _has_required(group.fields, group.each):
        return True
    return all(_is_complete(element, group.fields, group.each) for element in elements)


def _value_at(document: Any, path: str) -> Any:
    for name in path.split("."):
        if document is None:
            return None
        document = document.get(name)
    return document


def _is_blank(value: Any) -> bool:
    return value is None or value == ""


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _kind_of(value: Any) -> str:
    return _KINDS.get(type(value), "a number")
