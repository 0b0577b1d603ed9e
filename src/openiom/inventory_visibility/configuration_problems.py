"""Checks of an inventory configuration by itself, without regard to existing stock. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from openiom.kernel import Problem

from .configuration import (
    BASE_DIMENSIONS,
    EMPTY,
    LOCATION,
    SITE,
    DataSourceBody,
    InventoryConfigurationBody,
    Term,
    calculated_measures,
    checked_measures,
    measure_of,
)
from .measures import DISCREPANCY, ON_HAND, SOFT_RESERVED, Measure

MAX_DATED_MEASURES = 8
_HIERARCHY = "reservation_hierarchy"
_MAPPING = "reservation_mapping"


def problems_of(body: InventoryConfigurationBody) -> list[Problem]:
    """Return everything that is wrong with a configuration."""
    problems = list(_repeated_names("data_sources", list(body.data_sources)))
    physical = _physical_measures(body)

    for name, given in body.data_sources.items():
        problems += _source_problems(f"data_sources.{name}", given, physical)

    problems += _dimension_problems(body)
    problems += _mapping_problems(body, physical)
    problems += _repeated_names("allocation_groups", body.allocation_groups)
    problems += _atp_problems(body)
    return problems


def _repeated_names(where: str, names: Sequence[str]) -> Iterator[Problem]:
    """Yield a problem for each name that is empty or repeated in whatever case."""
    counts = Counter(name.lower() for name in names)
    for name, count in counts.items():
        if count > 1:
            yield Problem(
                where,
                f"{name} is named {count} times",
                "use names that differ by more than upper and lower case",
            )

        if not name.strip():
            yield Problem(where, "contains an empty name", "name it or leave it out")


def _physical_measures(body: InventoryConfigurationBody) -> set[Measure]:
    found = set()
    for source, given in body.data_sources.items():
        for measure in given.physical_measures:
            found.add(measure_of(source, measure))
    return found


def _source_problems(
    where: str, given: DataSourceBody, physical: set[Measure]
) -> Iterator[Problem]:
    """Check the dimension mapping and the measures of one source system."""
    yield from _repeated_names(f"{where}.dimension_mapping", list(given.dimension_mapping))
    for own_name, base in given.dimension_mapping.items():
        if base.lower() not in BASE_DIMENSIONS:
            yield Problem(
                f"{where}.dimension_mapping.{own_name}",
                f"{base} is not a base dimension",
                "map it to one",
            )

    yield from _repeated_names(where, [*given.physical_measures, *given.calculated_measures])
    for measure, terms in given.calculated_measures.items():
        yield from _term_problems(f"{where}.calculated_measures.{measure}", terms, physical)


def _term_problems(where: str, terms: Sequence[Term], physical: set[Measure]) -> Iterator[Problem]:
    """Check that a calculated measure has terms, of physical measures, each once."""
    if not terms:
        yield Problem(where, "has no terms", "name at least one physical measure")

    counts = Counter(measure_of(source, measure) for _, source, measure in terms)
    for measure in sorted(counts.keys() - physical):
        yield Problem(
            where,
            f"{_name(measure)} is not a physical measure",
            "calculate with physical measures only",
        )

    for measure, count in counts.items():
        if count > 1:
            yield Problem(
                where,
                f"{_name(measure)} is a term {count} times",
                "name each measure once",
            )


def _dimension_problems(body: InventoryConfigurationBody) -> Iterator[Problem]:
    """Check index sets and the reservation hierarchy against the partition."""
    partition = {SITE, LOCATION} if body.partition == "location" else set[str]()
    yield from _index_set_problems(body, partition)
    hierarchy = body.reservation_hierarchy
    yield from _dimension_name_problems(_HIERARCHY, hierarchy, BASE_DIMENSIONS)
    beginning = {name.lower() for name in hierarchy[: len(partition)]}
    if hierarchy and beginning != partition:
        yield Problem(
            _HIERARCHY,
            "does not begin with site and location",
            "put SiteId and LocationId first",
        )


def _index_set_problems(body: InventoryConfigurationBody, partition: set[str]) -> Iterator[Problem]:
    """Check that there are index sets, of base dimensions that are not in the partition."""
    if not body.index_sets:
        yield Problem("index_sets", "no index set is given", 'give at least one, such as ["Empty"]')

    for number, names in enumerate(body.index_sets):
        where = f"index_sets[{number}]"
        yield from _dimension_name_problems(where, names, BASE_DIMENSIONS | {EMPTY})

        for name in names:
            if name.lower() in partition:
                yield Problem(
                    where,
                    f"{name} is a partition dimension",
                    "leave it out, because every index begins with it",
                )


def _dimension_name_problems(
    where: str, names: Sequence[str], allowed: frozenset[str]
) -> Iterator[Problem]:
    """Check that names are allowed dimensions and not repeated."""
    yield from _repeated_names(where, names)
    for name in names:
        if name.lower() not in allowed:
            yield Problem(
                where, f"{name} is not a base dimension", "use the name of a base dimension"
            )


def _mapping_problems(
    body: InventoryConfigurationBody, physical: set[Measure]
) -> Iterator[Problem]:
    """Check which calculated measure each soft-reservation measure is checked against."""
    formulas = calculated_measures(body)
    checked = checked_measures(body)
    for number, (source, measure, target, calculated) in enumerate(body.reservation_mapping):
        where = f"{_MAPPING}[{number}]"
        reserved, formula = measure_of(source, measure), measure_of(target, calculated)
        if reserved not in physical:
            yield Problem(
                where,
                f"{_name(reserved)} is not a physical measure",
                "reserve on a physical measure",
            )

        if formula not in formulas:
            yield Problem(
                where,
                f"{_name(formula)} is not a calculated measure",
                "check against a calculated measure",
            )
        elif formulas[formula].get(reserved) != -1:
            yield Problem(
                where,
                f"{_name(formula)} does not subtract {_name(reserved)}",
                "add that term to it",
            )

    yield from _order_problems(checked, formulas)
    if len(set(checked.values())) > 1:
        yield Problem(
            _MAPPING,
            "checks against several measures",
            "map all to one calculated measure",
        )


def _order_problems(
    checked: Mapping[Measure, Measure], formulas: Mapping[Measure, Mapping[Measure, int]]
) -> Iterator[Problem]:
    """Check that order lines can reserve what OpenIOM itself keeps on hand.

    OpenIOM moves `iom.OnHand`, `iv.SoftReservOrdered` and `iom.Discrepancy` with these signs.
    """
    formula = checked.get(SOFT_RESERVED)
    terms = formulas.get(formula, {}) if formula else {}
    if terms.get(ON_HAND) != 1:
        yield Problem(
            _MAPPING,
            "orders reserve iv.SoftReservOrdered against iom.OnHand, which no mapping allows",
            "map iv.SoftReservOrdered to a measure that adds iom.OnHand",
        )

    elif terms.get(SOFT_RESERVED) != -1:
        yield Problem(
            _MAPPING,
            f"the checked measure does not subtract {_name(SOFT_RESERVED)}, which orders reserve",
            "add that term to it",
        )

    if DISCREPANCY in terms:
        yield Problem(
            _MAPPING,
            f"{_name(DISCREPANCY)} counts units that were shipped but not on hand",
            "leave it out of the measure that reservations are checked against",
        )


def _atp_problems(body: InventoryConfigurationBody) -> Iterator[Problem]:
    """Check the measures that are promised by date, and how many they depend on."""
    dated: set[Measure] = set()
    formulas = calculated_measures(body)

    for number, (source, name) in enumerate(body.atp.measures):
        measure = measure_of(source, name)
        if measure not in formulas:
            yield Problem(
                f"atp.measures[{number}]",
                f"{source}.{name} is not a calculated measure",
                "name one that is",
            )

        dated.update(formulas.get(measure, ()))

    if len(dated) > MAX_DATED_MEASURES:
        yield Problem(
            "atp.measures",
            f"{len(dated)} physical measures would be dated, at most {MAX_DATED_MEASURES} can be",
            "promise measures with fewer terms",
        )


def _name(measure: Measure) -> str:
    return ".".join(measure)
