"""Expressions and conditions of the one expression language, compiled once and evaluated for many records."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
import zen

from openiom.kernel import Invalid, Problem

from .expression_analysis import needed_roots, reads

Record = Mapping[str, Any]
EXACT = 2**53  # beyond it the engine's numbers, which reach us as floats, lose their last digits


class Failure(NamedTuple):
    """Why one record has no answer, with the values the expression read."""

    expression: str
    message: str
    values: dict[str, Any]


class Expression:
    """A compiled expression. Creating one raises Invalid naming the text and the position of the fault."""

    __slots__ = ("_compiled", "_roots", "text", "where")

    def __init__(self, text: str, *, where: str = "expression") -> None:
        problem = check_expression(text, where=where)
        if problem is not None:
            raise Invalid(problem.what, where=where, remedy=problem.remedy)
        self.text = text
        self.where = where
        self._compiled = zen.compile_expression(text)
        self._roots = needed_roots([text])

    @property
    def roots(self) -> frozenset[str] | None:
        """Names among which every top-level field it reads is found; None when it may read all."""
        return self._roots

    def evaluate_many(self, records: Sequence[Record]) -> list[Any | Failure]:
        """One value or Failure a record, in order. Whole numbers come back as int, others as float."""
        return [self.evaluate(record) for record in records]

    def evaluate(self, record: Record) -> Any | Failure:
        """The value for one record, or the Failure that says why there is none."""
        needed = (
            record if self._roots is None else {k: record[k] for k in self._roots if k in record}
        )
        try:
            return tidy(ask(self._compiled.evaluate, needed))
        except (RuntimeError, ValueError) as error:
            return Failure(self.text, engine_message(error), values_read(self.text, record))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text!r})"


class Condition(Expression):
    """An expression that answers true or false; a missing value answers false."""

    __slots__ = ()

    def evaluate(self, record: Record) -> bool | Failure:
        """Whether it holds for the record; anything but true, false and null is a Failure."""
        value = super().evaluate(record)
        if value is None or isinstance(value, bool | Failure):
            return value or False
        return Failure(
            self.text, f"answers {value!r}, not true or false", values_read(self.text, record)
        )


def ask(evaluate: Callable[[Any], Any], record: Mapping[str, Any]) -> Any:
    """
    What the engine answers for a record, handed over as it is or, when it holds dates, ids or decimals, as JSON.

    Raises RuntimeError when the expression fails and ValueError when the record cannot be handed over at all.
    """
    try:
        return evaluate(record if isinstance(record, dict) else dict(record))
    except RuntimeError:
        raise
    except Exception:  # what the engine raises for a value it does not take has no type of its own
        return evaluate(as_json(record))


def as_json(value: Any) -> bytes:
    """
    Facts with dates, ids and decimals in the form the engine takes; decimals go in as numbers.

    Raises ValueError for what JSON cannot hold, such as a whole number beyond 64 bits.
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


def tidy(value: Any, *, strip: bool = False) -> Any:
    """
    The engine's answer as Python means it: whole floats become int, and null members go when `strip`.

    Raises ValueError for a number too large to be exact; `string(...)` keeps such a number whole.
    """
    kind = type(value)
    if kind is dict:
        return {
            k: v if type(v) is str else tidy(v, strip=strip)
            for k, v in value.items()
            if v is not None or not strip
        }
    if kind is list:
        return [item if type(item) is str else tidy(item, strip=strip) for item in value]
    if kind is float:
        if not value.is_integer():
            return value
        if abs(value) >= EXACT:
            raise ValueError(
                f"{value:.0f} is too large to be exact; wrap the expression in string(...)"
            )
        return int(value)
    return value


def values_read(text: str, record: Record) -> dict[str, Any]:
    """Each path the expression reads with its value in the record; None where the record has none."""
    return {path: pick(record, path) for path in reads(text)}


def pick(record: Any, path: str) -> Any:
    """The value at a dotted path with optional [n]; None when any part of the way is missing."""
    value = record
    for name in re.findall(r"[^.\[\]]+", path):
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, list | tuple) and name.isdigit():
            value = value[int(name)] if int(name) < len(value) else None
        else:
            return None
    return value


def check_expression(text: str, *, where: str) -> Problem | None:
    """The fault of an expression's text, with its position; None when it compiles."""
    return _check(text, where, zen.compile_expression)


def check_cell(text: str, *, where: str) -> Problem | None:
    """The fault of a decision table's condition cell (`> 5`, `'US', 'CA'`, `[1..5]`); None when valid."""
    return _check(text, where, zen.compile_unary_expression)


def _check(text: str, where: str, compiler: Any) -> Problem | None:
    if not text.strip():
        return Problem(where, "the expression is empty")
    try:
        compiler(text)
    except RuntimeError as error:
        return Problem(
            where, f"`{text}` is not a valid expression: {_located(text, error, compiler)}"
        )
    return None


def _located(text: str, error: RuntimeError, compiler: Any) -> str:
    """The engine's message with a 1-based position; when it has none, the longest valid beginning tells."""
    message = engine_message(error)
    place = re.search(r" at \((\d+), \d+\)| at (\d+)$", message)
    if place:
        start = int(place.group(1) or place.group(2))
        return f"{message[: place.start()]} at position {start + 1}"
    tokens = list(re.finditer(r"'[^']*'|\"[^\"]*\"|\w+|\s+|.", text))
    for token in reversed(tokens):
        begin = text[: token.start()].rstrip()
        if begin and _compiles(begin, compiler):
            rest = text[len(begin) :].lstrip()
            hint = (
                f"; `{begin}` is not a function"
                if rest.startswith("(") and begin.isidentifier()
                else ""
            )
            return f"unexpected `{rest[:20]}` at position {len(text) - len(rest) + 1}{hint}"
    return f"{message} at position 1"


def _compiles(text: str, compiler: Any) -> bool:
    try:
        compiler(text)
    except RuntimeError:
        return False
    return True


def engine_message(error: Exception) -> str:
    """The engine's own sentence, without its JSON wrapping and stack trace."""
    head = str(error).split("\n\nStack backtrace")[0]
    try:
        parsed = orjson.loads(head)
    except orjson.JSONDecodeError:
        return head
    source = parsed.get("source") if isinstance(parsed, dict) else None
    return re.sub(r"^Opcode (\w+): ", r"\1: ", str(source)) if source else head
