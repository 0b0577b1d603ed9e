"""Likeness of names and conversion of units, settled on paper."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from graphlib import CycleError, TopologicalSorter

from openiom.kernel import Invalid

UNIT_WORDS = (
    frozenset(("ea", "each", "pc", "pcs", "piece", "pieces", "unit", "units", "c62", "h87")),
    frozenset(("kg", "kgm", "kilogram", "kilograms", "kilo")),
    frozenset(("g", "gr", "grm", "gram", "grams")),
    frozenset(("l", "ltr", "liter", "litre", "liters", "litres")),
    frozenset(("m", "mtr", "meter", "metre", "meters", "metres")),
    frozenset(("bx", "box", "boxes", "carton", "ctn")),
    frozenset(("dz", "dzn", "dozen")),
    frozenset(("pr", "pair", "pairs")),
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record of ours that an outside key might mean: its name, its label, and other codes it goes by."""

    internal: str
    label: str
    codes: tuple[str, ...] = ()


def likeness(value: str, candidate: Candidate) -> float:
    """From 0 to 1: 1 for an equal name or code, ignoring case and punctuation; less for shared words and letters."""
    asked = plain(value)
    if not asked:
        return 0.0
    names = [plain(n) for n in (candidate.internal, candidate.label, *candidate.codes) if n]
    if asked in names:
        return 1.0
    if any(asked in words and not words.isdisjoint(names) for words in UNIT_WORDS):
        return 0.95
    letters = max((SequenceMatcher(None, asked, name).ratio() for name in names), default=0.0)
    mine, theirs = _words(value), _words(" ".join((candidate.internal, candidate.label)))
    shared = len(mine & theirs) / len(mine | theirs) if mine | theirs else 0.0
    return round(min(0.99, max(letters, 0.4 * letters + 0.6 * shared)), 2)


def best(
    value: str, candidates: Iterable[Candidate], *, most: int = 3, least: float = 0.4
) -> list[tuple[str, str, float]]:
    """(internal, label, score) of the likeliest candidates, best first; fewer when little is alike."""
    scored = [(c.internal, c.label, likeness(value, c)) for c in candidates]
    return sorted((s for s in scored if s[2] >= least), key=lambda s: (-s[2], s[0]))[:most]


def plain(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _words(text: str) -> set[str]:
    return {w for w in "".join(c if c.isalnum() else " " for c in text.casefold()).split() if w}


@dataclass(frozen=True, slots=True)
class UnitFactor:
    unit_group: str
    factor: Decimal


def convert(quantity: Decimal, *, unit: str, into: str, units: Mapping[str, UnitFactor]) -> Decimal:
    """`quantity` of `unit` in `into`. Raises Invalid for an unknown unit or units of different groups."""
    for name in (unit, into):
        if name not in units:
            raise Invalid(f"there is no unit {name}", where="unit", remedy="add it to the units")
    if unit == into:
        return quantity
    one, other = units[unit], units[into]
    if one.unit_group != other.unit_group:
        raise Invalid(
            f"{unit} ({one.unit_group}) does not convert into {into} ({other.unit_group})",
            where="unit",
            remedy="put both units into one group",
        )
    return quantity * one.factor / other.factor


Parts = Mapping[str, int]


def explode(kits: Mapping[str, Parts]) -> dict[str, dict[str, int]]:
    """Every kit as units of products that are no kits, from what each is directly made of.

    Raises Invalid naming the ring when a kit is, over any number of steps, part of itself.
    """
    try:
        order = list(
            TopologicalSorter(
                {kit: set(parts) & kits.keys() for kit, parts in kits.items()}
            ).static_order()
        )
    except CycleError as error:
        ring = " in ".join(map(str, error.args[1]))
        raise Invalid(
            f"a kit cannot contain itself: {ring}", where="components", remedy="break the ring"
        ) from error
    parse_id: dict[str, dict[str, int]] = {}
    for kit in order:
        leaves: dict[str, int] = {}
        for part, quantity in kits[kit].items():
            for leaf, each in parse_id.get(part, {part: 1}).items():
                leaves[leaf] = leaves.get(leaf, 0) + quantity * each
        parse_id[kit] = leaves
    return parse_id
