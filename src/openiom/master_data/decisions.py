"""Pure decisions about master data: similarity of names, unit conversion, kits by components."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from openiom.kernel import Invalid

UNIT_SYNONYMS = (
    frozenset(("ea", "each", "pc", "pcs", "piece", "pieces", "unit", "units", "c62", "h87")),
    frozenset(("kg", "kgm", "kilogram", "kilograms", "kilo")),
    frozenset(("g", "gr", "grm", "gram", "grams")),
    frozenset(("l", "ltr", "liter", "litre", "liters", "litres")),
    frozenset(("m", "mtr", "meter", "metre", "meters", "metres")),
    frozenset(("bx", "box", "boxes", "carton", "ctn")),
    frozenset(("dz", "dzn", "dozen")),
    frozenset(("pr", "pair", "pairs")),
)
SYNONYM_SIMILARITY = 0.95
MAX_INEXACT_SIMILARITY = 0.99
LETTER_WEIGHT, WORD_WEIGHT = 0.4, 0.6


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that an external key might mean: its name, its label and its other codes."""

    internal: str
    label: str
    codes: tuple[str, ...] = ()


class Match(NamedTuple):
    """A record that an external key may mean, how similar it is, and why.

    `certain` is set for the only record of which the key or a code is equal. Every other match is
    a guess, whatever its score.
    """

    internal: str
    label: str
    score: float
    reason: str = ""
    certain: bool = False


def similarity(value: str, candidate: Candidate) -> float:
    """Return how similar `value` is to the candidate, from 0 to 1, rounded to two decimals.

    1 means an equal name or code, ignoring case and punctuation. Synonyms of a unit score 0.95.
    Otherwise the score combines the similarity of letters with the share of common words.
    """
    normalized = normalize(value)
    if not normalized:
        return 0.0

    names = _normalized_names(candidate)
    if normalized in names:
        return 1.0
    if _is_unit_synonym(normalized, names):
        return SYNONYM_SIMILARITY

    ratios = [SequenceMatcher(None, normalized, name).ratio() for name in names]
    letters = max(ratios, default=0.0)
    words = _shared_words(value, f"{candidate.internal} {candidate.label}")
    combined = LETTER_WEIGHT * letters + WORD_WEIGHT * words
    return round(min(MAX_INEXACT_SIMILARITY, max(letters, combined)), 2)


def _normalized_names(candidate: Candidate) -> list[str]:
    names = []
    for name in (candidate.internal, candidate.label, *candidate.codes):
        if name:
            names.append(normalize(name))

    return names


def _is_unit_synonym(value: str, names: Iterable[str]) -> bool:
    for synonyms in UNIT_SYNONYMS:
        if value in synonyms:
            return not synonyms.isdisjoint(names)
    return False


def _shared_words(left: str, right: str) -> float:
    """Return the share of words that both texts contain among all their words (Jaccard index)."""
    left_words, right_words = _words(left), _words(right)
    every_word = left_words | right_words
    if not every_word:
        return 0.0
    return len(left_words & right_words) / len(every_word)


def best_matches(
    value: str, candidates: Iterable[Candidate], *, limit: int = 3, minimum: float = 0.4
) -> list[Match]:
    """Return the most similar candidates, best first.

    At most `limit` candidates with a score of at least `minimum`; a certain one precedes the
    others, and equal scores are ordered by name.
    """
    every = list(candidates)
    equal = [candidate for candidate in every if _has_equal_key(value, candidate)]
    matches = []
    for candidate in every:
        score = similarity(value, candidate)
        if score >= minimum:
            certain = equal == [candidate]
            reason = match_reason(value, candidate)
            match = Match(candidate.internal, candidate.label, score, reason, certain)
            matches.append(match)

    matches.sort(key=lambda match: (not match.certain, -match.score, match.internal))
    return matches[:limit]


def match_reason(value: str, candidate: Candidate) -> str:
    """Return in words what `value` and the candidate have in common."""
    given = _as_typed(value)
    if given == _as_typed(candidate.internal):
        return "same key"
    for code in candidate.codes:
        if given == _as_typed(code):
            return f"same code {code}"
    if given == _as_typed(candidate.label):
        return "same title"

    normalized = normalize(value)
    names = _normalized_names(candidate)
    if normalized in names:
        return "same letters and digits"
    if _is_unit_synonym(normalized, names):
        return "another word for this unit"

    shared = sorted(_words(value) & _words(f"{candidate.internal} {candidate.label}"))
    if shared:
        return f"has in common: {', '.join(shared)}"
    return "similar spelling"


def _has_equal_key(value: str, candidate: Candidate) -> bool:
    given = _as_typed(value)
    return given in [_as_typed(key) for key in (candidate.internal, *candidate.codes)]


def _as_typed(text: str) -> str:
    """Return `text` without surrounding space, case-folded; punctuation distinguishes codes."""
    return text.strip().casefold()


def normalize(text: str) -> str:
    """Return the letters and digits of `text`, case-folded."""
    return "".join(filter(str.isalnum, text.casefold()))


def _words(text: str) -> set[str]:
    separated = "".join(c if c.isalnum() else " " for c in text.casefold())
    return set(separated.split())


@dataclass(frozen=True, slots=True)
class UnitConversion:
    """How a unit converts: `factor` base units of `unit_group`, with `decimals` decimal places."""

    unit_group: str
    factor: Decimal
    decimals: int = 0


def convert(
    quantity: Decimal, *, unit: str, into: str, units: Mapping[str, UnitConversion]
) -> Decimal:
    """Return `quantity` of `unit` expressed in the unit `into`.

    Raises Invalid for an unknown unit and for units of different groups.
    """
    source, target = _convertible(unit, into, units)
    if unit == into:
        return quantity

    return quantity * source.factor / target.factor


def steps_per_step(unit: str, into: str, units: Mapping[str, UnitConversion]) -> int:
    """Return how many steps of the unit `into` are in one step of `unit`.

    A step is the smallest quantity of a unit: 10 to the power of minus its decimals. A box of 12
    pieces has 12 steps of `ea`; a gram has one step of `kg` when `kg` has three decimals.
    Raises Invalid for an unknown unit, for units of different groups, and when one step is not a
    whole number of the other's steps.
    """
    source, target = _convertible(unit, into, units)
    if unit == into:
        return 1

    scale = Decimal(10) ** (target.decimals - source.decimals)
    ratio = source.factor * scale / target.factor
    steps = int(ratio)
    if steps != ratio or steps < 1:
        raise Invalid(
            f"one step of {unit} is {ratio.normalize():f} steps of {into}, not a whole number",
            where="unit",
            remedy=f"give {into} more decimals, or order in {into}",
        )

    return steps


@dataclass(frozen=True, slots=True)
class LineUnit:
    """How the quantity of a line is counted, and what it is in stock.

    `decimals` are those of the line's own unit. One step of it is `stock_per_step` steps of the
    product's stock unit, which has `stock_decimals`.
    """

    decimals: int = 0
    stock_per_step: int = 1
    stock_decimals: int = 0


def line_unit(unit: str, stock_unit: str, units: Mapping[str, UnitConversion]) -> LineUnit:
    """Return how a line in `unit` is counted of a product whose stock is kept in `stock_unit`.

    Raises Invalid as `steps_per_step` does.
    """
    stock_per_step = steps_per_step(unit, stock_unit, units)
    return LineUnit(units[unit].decimals, stock_per_step, units[stock_unit].decimals)


def _convertible(
    unit: str, into: str, units: Mapping[str, UnitConversion]
) -> tuple[UnitConversion, UnitConversion]:
    """Return both conversions. Raises Invalid when a unit is unknown or the groups differ."""
    for name in (unit, into):
        if name not in units:
            raise Invalid(f"there is no unit {name}", where="unit", remedy="add it to the units")

    source, target = units[unit], units[into]
    if source.unit_group != target.unit_group:
        raise Invalid(
            f"{unit} ({source.unit_group}) does not convert into {into} ({target.unit_group})",
            where="unit",
            remedy="put both units into one group",
        )

    return source, target


Components = Mapping[str, int]


def explode(kits: Mapping[str, Components]) -> dict[str, dict[str, int]]:
    """Return for every kit the units of non-kit products in one unit of it, at any depth.

    `kits` maps each kit to its direct components. Raises Invalid naming the cycle when a kit is,
    over any number of steps, a component of itself.
    """
    dependencies = {kit: set(components) & kits.keys() for kit, components in kits.items()}
    try:
        order = list(TopologicalSorter(dependencies).static_order())
    except CycleError as error:
        cycle = " in ".join(map(str, error.args[1]))
        raise Invalid(
            f"a kit cannot contain itself: {cycle}", where="components", remedy="break the cycle"
        ) from error

    exploded: dict[str, dict[str, int]] = {}
    for kit in order:
        parts: dict[str, int] = {}
        for component, quantity in kits[kit].items():
            for part, units in exploded.get(component, {component: 1}).items():
                parts[part] = parts.get(part, 0) + quantity * units

        exploded[kit] = parts

    return exploded
