"""
Calculated measures of the groups of a query, and the JSON of its result.

JSON is written from one template per shape: with 2,000 groups of 26 numbers this costs half of
serializing dictionaries, and it creates no objects for the garbage collector.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache

import numpy as np
import orjson

from openiom.inventory_visibility import (
    ORGANIZATION,
    SCALE,
    Group,
    InventoryConfiguration,
    Measure,
    Shape,
    StockQuery,
    Sums,
)

Numbers = Sequence[int | float]


class MeasureCalculator:
    """Adds the calculated measures to the physical ones of a shape, for all its groups at once.

    Every configured measure is shown, and every measure that was posted; without postings it is
    zero in every group. `names` are the measures shown, grouped by data source, and `posted` those
    of them that have postings, the only ones that are calculated.
    """

    def __init__(self, configuration: InventoryConfiguration, shape: Shape) -> None:
        terms_of = _shown_terms(configuration, shape)
        self.names = sorted(terms_of, key=lambda measure: measure[0])
        self.posted = [name for name in self.names if terms_of[name]]
        row_of = {measure: i for i, measure in enumerate(shape)}
        self._matrix = np.zeros((len(shape), len(self.posted)), dtype=np.int64)
        for column, name in enumerate(self.posted):
            for measure, sign in terms_of[name].items():
                self._matrix[row_of[measure], column] = sign

    def numbers(self, sums: Sums) -> list[Numbers]:
        """Return the numbers of every group in the order of `posted`; integers when all are."""
        texts = " ".join(sums.texts).split()
        physical = np.array(texts, dtype=np.int64).reshape(len(sums.keys), -1)
        scaled = physical @ self._matrix
        if (scaled % SCALE).any():
            numbers: list[Numbers] = (scaled / SCALE).tolist()
        else:
            numbers = (scaled // SCALE).tolist()

        return numbers


def _shown_terms(
    configuration: InventoryConfiguration, shape: Shape
) -> dict[Measure, Mapping[Measure, int]]:
    """Return the physical and calculated measures shown, with the signs of their posted terms."""
    terms_of: dict[Measure, Mapping[Measure, int]] = {}
    for source in configuration.sources.values():
        terms_of.update(((source.name, measure), {}) for measure in sorted(source.physical))

    for measure in shape:
        terms_of[measure] = {measure: 1}

    for calculated, formula in configuration.calculated.items():
        terms_of[calculated] = _terms_within(shape, formula)

    return terms_of


def _terms_within(shape: Shape, formula: Mapping[Measure, int]) -> dict[Measure, int]:
    """Return the signs of the terms that the shape has."""
    return {measure: sign for measure, sign in formula.items() if measure in shape}


def zero_quantities(configuration: InventoryConfiguration) -> dict[str, dict[str, int]]:
    """Return every configured measure by data source, as it is shown without postings."""
    quantities: dict[str, dict[str, int]] = {}
    for source, measure in MeasureCalculator(configuration, ()).names:
        quantities.setdefault(source, {})[measure] = 0
    return quantities


def result_json(
    sums_by_shape: Mapping[Shape, Sums], query: StockQuery, configuration: InventoryConfiguration
) -> bytes:
    """Return the result of a query as JSON, ordered by product and the dimensions shown.

    Without `returnNegative` negative numbers are omitted, and groups whose postings are all
    negative.
    """
    write_group = _group_writer(query, configuration)
    written: list[tuple[Group, str]] = []
    for shape, sums in sums_by_shape.items():
        calculator = MeasureCalculator(configuration, shape)
        write_quantities = _quantities_writer(calculator, query)

        for key, numbers in zip(sums.keys, calculator.numbers(sums), strict=True):
            quantities = write_quantities(numbers)
            if quantities:
                written.append((key, f'{write_group(key)},"quantities":{quantities}}}'))

    written.sort()
    texts = ",".join([text for _, text in written])
    return f"[{texts}]".encode()


def _group_writer(
    query: StockQuery, configuration: InventoryConfiguration
) -> Callable[[Group], str]:
    """Return a function that writes product and dimensions of a group as an open JSON object."""
    own = configuration.own_organization
    names = list(query.group_by)
    if query.by_organization:
        names.append(ORGANIZATION)

    dimensions = ",".join(map('"{}":%s'.format, names))
    template = f'{{"productId":%s,"dimensions":{{{dimensions}}}'
    quoted = cache(lambda value: orjson.dumps(value).decode())
    if query.by_organization:
        return lambda key: template % (*map(quoted, key[1:]), quoted(key[0] or own))

    return lambda key: template % tuple(map(quoted, key[1:]))


def _quantities_writer(
    calculator: MeasureCalculator, query: StockQuery
) -> Callable[[Numbers], str]:
    """Return a function that writes the numbers of a group as {source: {measure: number}}.

    It returns an empty text for a group that is omitted.
    """
    template = _template(calculator.names, calculator.posted)
    if query.return_negative:
        return lambda numbers: template % tuple(numbers)

    def write_without_negative(numbers: Numbers) -> str:
        if min(numbers) >= 0:
            return template % tuple(numbers)
        if max(numbers) < 0:
            return ""
        return _without_negative(calculator, numbers)

    return write_without_negative


def _without_negative(calculator: MeasureCalculator, numbers: Numbers) -> str:
    """Return the numbers that are not negative as {source: {measure: number}}."""
    number_of = dict(zip(calculator.posted, numbers, strict=True))
    names = [name for name in calculator.names if number_of.get(name, 0) >= 0]
    posted = [name for name in calculator.posted if number_of[name] >= 0]
    return _template(names, posted) % tuple(number_of[name] for name in posted)


def _template(names: Sequence[Measure], posted: Collection[Measure]) -> str:
    """Return a format string of a JSON object: a placeholder for each posted measure, else 0."""
    posted = frozenset(posted)
    fields_by_source: dict[str, list[str]] = {}
    for measure in names:
        source, name = measure
        number = "%s" if measure in posted else "0"
        fields_by_source.setdefault(source, []).append(f"{_quoted(name)}:{number}")
    sources = []
    for source, fields in fields_by_source.items():
        sources.append(f"{_quoted(source)}:{{{','.join(fields)}}}")
    return f"{{{','.join(sources)}}}"


def _quoted(name: str) -> str:
    """Return `name` as JSON text with percent signs escaped for a format string."""
    return orjson.dumps(name).decode().replace("%", "%%")
