"""Transformations: messages in, documents out; a message that fails never affects its batch.

The whole document is one compiled expression, evaluated once per message: measured on real orders,
that is faster than one call over an array of messages (the engine copies an array twice), and a
failure concerns its message only.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
import zen

from openiom.kernel import Invalid

from .document_reads import all_expressions, key_rules, read_list_members
from .expression import call_engine, engine_message, normalize, pick, values_read
from .expression_analysis import needed_roots
from .mapping_document import (
    EachRule,
    FieldRule,
    KeyRule,
    TransformationDocument,
    transformation_problems,
)
from .required_values import required_values
from .target_expression import key_expression, object_expression

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


class ExplainedPath(NamedTuple):
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

    def explained(self) -> ExplainedPath:
        return ExplainedPath(self.path, self.expression, self.value, self.error)


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
        self._keys = list(key_rules(document))
        target = object_expression(document.fields, document.each)
        keys = ", ".join(key_expression(rule) for _, rule in self._keys)
        self._compiled = zen.compile_expression(f"{{document: {target}, keys: [{keys}]}}")
        self._roots = needed_roots(all_expressions(document))
        self._list_members = read_list_members(document, self._roots)
        self._single: dict[str, Any] = {}
        self._required = required_values(document.fields, document.each)

    def transform_many(self, payloads: Sequence[Payload]) -> list[Transformed | TransformFailure]:
        """Return one result per payload, in order. A payload is an object or its JSON text."""
        return [self._transform(payload) for payload in payloads]

    def explain(self, payload: Payload) -> list[ExplainedPath]:
        """Return every target path and key of one payload with its value: the live preview."""
        source = _parse(payload)
        if isinstance(source, TransformFailure):
            return [ExplainedPath("", "", None, source.message)]
        return [step.explained() for step in self._steps(source)]

    def _transform(self, payload: Payload) -> Transformed | TransformFailure:
        source = _parse(payload)
        if isinstance(source, TransformFailure):
            return source
        return self._transform_object(source)

    def _transform_object(self, source: Mapping[str, Any]) -> Transformed | TransformFailure:
        try:
            result = self._evaluate(source)
        except (RuntimeError, ValueError) as error:
            return self._first_failure(source, engine_message(error))
        document = result["document"]
        if self._required is not None and not self._required.are_in(document):
            return self._first_failure(source, "a required value is missing")
        return Transformed(document, self._found_keys(result["keys"]))

    def _evaluate(self, source: Mapping[str, Any]) -> Any:
        """Return {"document", "keys"} of a message. Raise `RuntimeError` or `ValueError`."""
        result = call_engine(self._compiled.evaluate, self._project(source))
        return normalize(result, strip=True)

    def _project(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the expressions can read: most of a message's cost is passing it on."""
        needed = _project_names(source, self._roots)
        for name, members in self._list_members.items():
            elements = needed.get(name)
            if isinstance(elements, list):
                needed[name] = _project_elements(elements, members)
        return needed

    def _found_keys(self, lists: Sequence[Sequence[Any]]) -> tuple[MappingKey, ...]:
        found: list[MappingKey] = []
        for (table, rule), values in zip(self._keys, lists, strict=True):
            for index, value in enumerate(values):
                if _is_blank(value):
                    continue
                into = rule.into.replace("[]", f"[{index}]") if rule.into else None
                found.append(MappingKey(table, rule.field, _as_text(value), into))
        return tuple(found)

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
        if isinstance(elements, list):
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
        """Evaluate the fields and lists of one level of the target, found at `prefix`."""
        for rule in fields:
            yield self._field_step(rule, scope, prefix)

        for group in each:
            yield from self._group_steps(group, scope, prefix)

    def _group_steps(
        self, group: EachRule, scope: Mapping[str, Any], prefix: str
    ) -> Iterator[_Step]:
        over = self._list_step(group, scope, prefix)
        if over.error is not None:
            yield over

        for index, element in enumerate(over.value or ()):
            yield from self._level_steps(
                fields=group.fields,
                each=group.each,
                scope={**scope, group.named: element},
                prefix=f"{prefix}{group.path}[{index}].",
            )

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
        """Evaluate a source list; a step with an error has no value."""
        step = self._step(f"{prefix}{group.path}", group.over, scope)
        if step.error is not None:
            return step
        error = _list_error(step.value, required=group.required)
        return step if error is None else step._replace(value=None, error=error)

    def _step(self, path: str, expression: str, scope: Mapping[str, Any]) -> _Step:
        needed = _project_names(scope, needed_roots([expression]))
        try:
            value = normalize(call_engine(self._compile(expression).evaluate, needed))
        except (RuntimeError, ValueError) as error:
            return _Step(path, expression, scope, error=engine_message(error))
        return _Step(path, expression, scope, value)

    def _compile(self, expression: str) -> Any:
        """Return an expression compiled by itself, once."""
        if expression not in self._single:
            self._single[expression] = zen.compile_expression(expression)
        return self._single[expression]


def resolve_keys(
    transformed: Transformed, found: Mapping[tuple[str, str, str], Any]
) -> tuple[dict[str, Any], list[MappingKey]]:
    """Return the document with the internal ids in place, and the keys that `found` lacks.

    `found` maps (table, field, value) to an id. A key without a target path is looked up only. The
    document passed in is not mutated.
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
    try:
        source = orjson.loads(payload) if isinstance(payload, bytes | str) else payload
    except orjson.JSONDecodeError as error:
        return _unreadable(f"the message is not JSON: {error}")
    if isinstance(source, Mapping):
        return source
    return _unreadable(f"the message is {_kind_of(source)}, not an object")


def _unreadable(message: str) -> TransformFailure:
    return TransformFailure(path="", expression="", message=message, values={})


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


def _list_error(value: Any, *, required: bool) -> str | None:
    """Return why a value cannot be a source list; a required one may not be empty."""
    if value is not None and not isinstance(value, list):
        return f"a list is needed, found {_kind_of(value)}"
    if required and not value:
        return _REQUIRED
    return None


def _is_blank(value: Any) -> bool:
    return value is None or value == ""


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _kind_of(value: Any) -> str:
    return _KINDS.get(type(value), "a number")
