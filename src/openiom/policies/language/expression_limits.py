"""Limits of an expression, found in its text before the engine sees it.

The engine evaluates in this process and cannot be interrupted: text that nests without end exhausts
its stack, a list made from a range exhausts the memory, and loops within loops stop every thread.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

LONGEST_EXPRESSION = 10_000
DEEPEST_NESTING = 100
DEEPEST_LOOPS = 3
LARGEST_RANGE = 10_000
"""Most elements that the ranges of an expression may have, multiplied with each other."""
MOST_ROUNDS = 1_000_000
"""Most rounds of loops within each other over a list that the text contains and gives a name."""

_STRING = re.compile(r"'[^']*'|\"[^\"]*\"")
_MARK = re.compile(r"\.\.|[\[\](){}]")
_LOOP = re.compile(r"(?<![\w$.])(?:map|filter|flatMap|count|all|some|one|none|reduce)$")
_NAMES_LIST = re.compile(r"(?<![=!<>])=(?![=>])|(?<![\w$.])as(?![\w$])")
_MEMBERSHIP = re.compile(r"(?<![\w$#.])in$")
_ENDPOINTS = re.compile(r"\s*(-?\d{1,9})\s*\.\.\s*(-?\d{1,9})\s*")
_OPENING = "[({"
_LONGEST_WORD = 12


@dataclass
class _Bracket:
    """An open bracket of an expression: where it is, and what is before it."""

    start: int
    is_loop: bool
    is_membership: bool
    has_range: bool = False


@dataclass
class _Scan:
    """What a scan over the brackets and ranges of a text has found so far."""

    text: str
    is_cell: bool
    elements: int = 1
    deepest_loops: int = 1
    open: list[_Bracket] = field(default_factory=list)

    def faults(self) -> Iterator[str]:
        """Yield the faults of the text, the first one first."""
        for mark in _MARK.finditer(self.text):
            yield from self._read_mark(mark.group(), mark.start())

        names_list = _NAMES_LIST.search(self.text) is not None
        if names_list and self._rounds() > MOST_ROUNDS:
            yield (
                f"loops over a list that has a name have more than {MOST_ROUNDS} rounds;"
                " make the list smaller"
            )

    def _rounds(self) -> int:
        """Return how often loops run when each one runs over all elements in the text."""
        elements = self.elements + self.text.count(",")
        return int(elements**self.deepest_loops)

    def _read_mark(self, sign: str, start: int) -> Iterator[str]:
        if sign == "..":
            yield from self._note_range()
        elif sign in _OPENING:
            yield from self._push(start)
        elif self.open:
            yield from self._pop(start)

    def _push(self, start: int) -> Iterator[str]:
        self.open.append(_bracket(self.text, start))
        if len(self.open) > DEEPEST_NESTING:
            yield f"brackets are nested deeper than {DEEPEST_NESTING} levels"

        loops = [bracket for bracket in self.open if bracket.is_loop]
        self.deepest_loops = max(self.deepest_loops, len(loops))
        if len(loops) > DEEPEST_LOOPS:
            yield f"loops such as map and filter are nested deeper than {DEEPEST_LOOPS} levels"

    def _note_range(self) -> Iterator[str]:
        if self.open:
            self.open[-1].has_range = True
        else:
            yield "a range is written in brackets: x in [1..5]"

    def _pop(self, end: int) -> Iterator[str]:
        bracket = self.open.pop()
        if not self._makes_list(bracket):
            return

        elements = _elements(self.text[bracket.start + 1 : end])
        if elements is None:
            yield "the ends of a range that is not compared with `in` are whole numbers: [1..5]"
            return

        self.elements *= elements
        if self.elements > LARGEST_RANGE:
            yield f"the ranges have more than {LARGEST_RANGE} elements; compare with `in` instead"

    def _makes_list(self, bracket: _Bracket) -> bool:
        """Return whether the engine makes a list from what a closed bracket contains.

        It makes none from a range that is compared, with `in` or by a whole cell.
        """
        if not bracket.has_range or bracket.is_membership:
            return False
        return bool(self.open) or not self.is_cell


def limit_fault(text: str, *, is_cell: bool = False) -> str | None:
    """Return why the engine must not see an expression, None when it may.

    A range that is compared (`x in [1..5]`, or a condition cell `[1..5]`) is not made into a list,
    so it may have any size.
    """
    if len(text) > LONGEST_EXPRESSION:
        return f"it has {len(text)} characters; the limit is {LONGEST_EXPRESSION}"

    # A template text, in backticks, contains expressions, so nothing of it is left out.
    code = text if "`" in text else _STRING.sub("''", text)
    return next(_Scan(code, is_cell).faults(), None)


def _bracket(text: str, start: int) -> _Bracket:
    """Return the bracket that opens at `start`, by the word before it."""
    before = text[:start].rstrip()[-_LONGEST_WORD:]
    is_loop = text[start] == "(" and _LOOP.search(before) is not None
    is_membership = _MEMBERSHIP.search(before) is not None
    return _Bracket(start, is_loop, is_membership)


def _elements(content: str) -> int | None:
    """Return how many elements a range has, None unless its ends are whole numbers."""
    ends = _ENDPOINTS.fullmatch(content)
    if ends is None:
        return None
    return max(1, int(ends.group(2)) - int(ends.group(1)) + 1)
