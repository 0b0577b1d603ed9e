"""Expressions and conditions: compiled once, evaluated for many records."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import NoneType
from typing import Any, NamedTuple

import orjson
import zen

from openiom.kernel import Invalid, Problem

from .expression_analysis import needed_roots, paths_read
from .expression_limits import limit_fault

Record = Mapping[str, Any]

EXACT_LIMIT = 2**53
"""The engine's numbers reach us as floats, which lose their last digits from here on."""
_TOKEN = re.compile(r"'[^']*'|\"[^\"]*\"|\w+|\s+|.")
_POSITION = re.compile(r" at \((?P<range>\d+), \d+\)| at (?P<start>\d+)$")
_SEGMENT = re.compile(r"[^.\[\]]+")
_OPCODE = re.compile(r"^Opcode (\w+): ")
_SHOWN_CHARACTERS = 20
_CACHED_PATHS = 4096
_TRIED_BEGINNINGS = 300


class Failure(NamedTuple):
    """Why an expression has no result for a record, with the values it read."""

    expression: str
    message: str
    values: dict[str, Any]


class Expression:
    """A compiled expression.

    Creating one raises `Invalid`, naming the text and the position of the fault.

    roots  names among which every top-level field it reads is found; None when it may read all
    """

    __slots__ = ("_compiled", "roots", "text", "where")

    def __init__(self, text: str, *, where: str = "expression") -> None:
        problems = check_expression(text, where=where)
        if problems:
            raise Invalid(problems[0].what, where=where, remedy=problems[0].remedy)
        self.text = text
        self.where = where
        self.roots = needed_roots([text])
        self._compiled = zen.compile_expression(text)

    def evaluate_many(self, records: Sequence[Record]) -> list[Any | Failure]:
        """Return one value or `Failure` per record, in order.

        Whole numbers are int, others float.
        """
        return [self.evaluate(record) for record in records]

    def evaluate(self, record: Record) -> Any | Failure:
        """Return the value for one record, or why there is none."""
        needed = record
        if self.roots is not None:
            needed = {name: record[name] for name in self.roots if name in record}
        try:
            return normalize(call_engine(self._compiled.evaluate, needed))
        except (RuntimeError, ValueError) as error:
            return Failure(self.text, engine_message(error), values_read(self.text, record))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text!r})"


class Condition(Expression):
    """An expression that is true or false; a missing value is false."""

    __slots__ = ()

    def evaluate(self, record: Record) -> bool | Failure:
        """Return whether it holds; any value but true, false and null is a `Failure`."""
        value = super().evaluate(record)
        if value is None:
            return False
        if isinstance(value, bool | Failure):
            return value
        message = f"evaluates to {value!r}, not to true or false"
        return Failure(self.text, message, values_read(self.text, record))


def call_engine(evaluate: Callable[[Any], Any], record: Mapping[str, Any]) -> Any:
    """Return what the engine evaluates for a record.

    `evaluate` is the method of a compiled expression or decision. The record is passed as it is
    or, when it holds dates, ids or decimals, as JSON. Raise `RuntimeError` when the expression
    fails and `ValueError` when the record cannot be passed.
    """
    if not isinstance(record, dict):
        record = dict(record)

    try:
        return evaluate(record)
    except RuntimeError:
        raise
    except Exception:  # the engine's error for a value it cannot take has no type of its own
        return evaluate(as_json(record))


def as_json(value: Any) -> bytes:
    """Return facts with dates, ids and decimals in the form the engine takes.

    Decimals become numbers. Raise `ValueError` for what JSON cannot hold, such as a whole number
    beyond 64 bits.
    """
    try:
        return orjson.dumps(value, default=_plain)
    except orjson.JSONEncodeError as error:
        raise ValueError(f"the record cannot be read: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if hasattr(value, "as_tuple"):
        return float(value)
    return str(value)


def normalize(value: Any, *, strip: bool = False) -> Any:
    """Return the engine's value as Python means it: whole floats as int.

    With `strip`, members of objects that are null are left out. Raise `ValueError` for a number
    too large to be exact; `string(...)` keeps such a number whole.
    """
    kind = type(value)
    if kind is dict:
        return _normalize_members(value, strip)
    if kind is list:
        return _normalize_elements(value, strip)
    if kind is float:
        return _normalize_number(value)

    return value


_NORMAL = frozenset((str, bool, int, NoneType))
"""Types of values that stay as they are: passing them on without a call halves the time."""


def _normalize_elements(value: list[Any], strip: bool) -> list[Any]:
    elements = []
    for element in value:
        if type(element) in _NORMAL:
            elements.append(element)
        else:
            elements.append(normalize(element, strip=strip))
    return elements


def _normalize_members(value: dict[str, Any], strip: bool) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, member in value.items():
        if type(member) not in _NORMAL:
            members[name] = normalize(member, strip=strip)
        elif member is not None or not strip:
            members[name] = member

    return members


def _normalize_number(value: float) -> int | float:
    if not value.is_integer():
        return value
    if abs(value) >= EXACT_LIMIT:
        raise ValueError(
            f"{value:.0f} is too large to be exact; wrap the expression in string(...)"
        )
    return int(value)


def literal(value: Any) -> str:
    """Return the text of a JSON value in the expression language.

    The language has no escapes: a text that contains both quotes is joined from parts. Raise
    `TypeError` for a value that JSON cannot contain.
    """
    if isinstance(value, str):
        return _text_literal(value)
    if isinstance(value, list):
        return f"[{','.join(map(literal, value))}]"
    if isinstance(value, dict):
        return _object_literal(value)

    return orjson.dumps(value).decode()


def _object_literal(value: Mapping[str, Any]) -> str:
    members = []
    for name, member in value.items():
        members.append(f'"{name}":{literal(member)}')
    return f"{{{','.join(members)}}}"


def _text_literal(value: str) -> str:
    if "'" not in value:
        return f"'{value}'"
    if '"' not in value:
        return f'"{value}"'
    quoted = [f"'{part}'" for part in value.split("'")]
    return "(" + ' + "\'" + '.join(quoted) + ")"


def values_read(text: str, record: Record) -> dict[str, Any]:
    """Return each path the expression reads with its value; None where the record has none."""
    return {path: pick(record, path) for path in paths_read(text)}


def pick(record: Any, path: str) -> Any:
    """Return the value at a dotted path with optional [n]; None when a part of it is missing."""
    value = record
    for name in _segments(path):
        value = _part(value, name)
        if value is None:
            return None
    return value


@lru_cache(maxsize=_CACHED_PATHS)
def _segments(path: str) -> list[str]:
    return _SEGMENT.findall(path)


def _part(value: Any, name: str) -> Any:
    """Return a member of an object or an element of a list; None when there is none."""
    if isinstance(value, Mapping):
        return value.get(name)
    if not isinstance(value, list | tuple) or not name.isdigit():
        return None
    index = int(name)
    return value[index] if index < len(value) else None


def check_expression(text: str, *, where: str) -> list[Problem]:
    """Return the fault of an expression's text, with its position; empty when it compiles."""
    return _check(text, where, zen.compile_expression, limit_fault(text))


def check_cell(text: str, *, where: str) -> list[Problem]:
    """Return the fault of a condition cell (`> 5`, `'US', 'CA'`, `[1..5]`); empty when valid."""
    fault = limit_fault(text, is_cell=True)
    return _check(text, where, zen.compile_unary_expression, fault)


def _check(
    text: str, where: str, compiler: Callable[[str], Any], fault: str | None
) -> list[Problem]:
    if not text.strip():
        return [Problem(where, "the expression is empty", "write an expression")]
    if fault:
        return [Problem(where, f"the expression is not evaluated: {fault}", "simplify it")]

    try:
        compiler(text)
    except RuntimeError as error:
        place = _locate(text, error, compiler)
        return [Problem(where, f"`{text}` is not a valid expression: {place}")]

    return []


def _locate(text: str, error: RuntimeError, compiler: Callable[[str], Any]) -> str:
    """Return the engine's message with a 1-based position.

    When the engine names none, the longest valid beginning shows where the fault is.
    """
    message = engine_message(error)
    position = _POSITION.search(message)
    if position:
        start = int(position["range"] or position["start"])
        return f"{message[: position.start()]} at position {start + 1}"

    beginning = _longest_valid_beginning(text, compiler)
    if beginning:
        return _unexpected(text, beginning)

    return f"{message} at position 1"


def _longest_valid_beginning(text: str, compiler: Callable[[str], Any]) -> str:
    """Return the most leading words and signs that compile; empty when none is found soon."""
    tokens = list(_TOKEN.finditer(text))
    for token in reversed(tokens[-_TRIED_BEGINNINGS:]):
        beginning = text[: token.start()].rstrip()
        if beginning and _compiles(beginning, compiler):
            return beginning
    return ""


def _unexpected(text: str, beginning: str) -> str:
    rest = text[len(beginning) :].lstrip()
    position = len(text) - len(rest) + 1
    hint = ""
    if rest.startswith("(") and beginning.isidentifier():
        hint = f"; `{beginning}` is not a function"
    return f"unexpected `{rest[:_SHOWN_CHARACTERS]}` at position {position}{hint}"


def _compiles(text: str, compiler: Callable[[str], Any]) -> bool:
    try:
        compiler(text)
    except RuntimeError:
        return False
    return True


def engine_message(error: Exception) -> str:
    """Return the engine's own sentence, without its JSON wrapping and stack trace."""
    head, _, _ = str(error).partition("\n\nStack backtrace")
    source = _source_of(head)
    return _OPCODE.sub(r"\1: ", source) if source else head


def _source_of(message: str) -> str:
    """Return the member `source` of a message that is JSON; empty when there is none."""
    try:
        parsed = orjson.loads(message)
    except orjson.JSONDecodeError:
        return ""
    return str(parsed.get("source") or "") if isinstance(parsed, dict) else ""
