"""
Parsing of request bodies: fields, dimensions under the names of a data source, quantities.

Names of fields, dimensions, data sources and measures are case-insensitive; values (organization,
product, dimension values) keep their case and lose surrounding blanks. Errors name the field by
its path.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import orjson

from openiom.inventory_visibility import (
    BASE_DIMENSIONS,
    LOCATION,
    SITE,
    DataSource,
    InventoryConfiguration,
    Measure,
)
from openiom.kernel import FIRST_YEAR, LAST_YEAR, Forbidden, Invalid, TooLarge

BULK_LIMIT = 512
MAX_LENGTH = 400
LARGEST = Decimal(10) ** 13
_LARGEST_WHOLE = int(LARGEST)
_FOUR_PLACES = Decimal("0.0001")
_TRUTHS = {"true": True, "false": False}


@dataclass(slots=True)
class StockName:
    """The stock that a record names.

    organization  "" for the own organization
    source        the locationId, "" when none is given
    dimensions    values by lower-case base dimension, without locationid
    """

    organization: str
    product: str
    source: str
    dimensions: Mapping[str, str]

    def named(self) -> dict[str, str]:
        """Return all dimensions, including locationid."""
        dimensions = dict(self.dimensions)
        if self.source:
            dimensions[LOCATION] = self.source
        return dimensions


def read_json(body: bytes) -> Any:
    """Return the body of a request. Raises Invalid when it is not JSON."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Invalid(
            f"the body is not JSON: {error}", where="body", remedy="send a JSON document"
        ) from None


def read_object(body: bytes) -> dict[str, Any]:
    """Return the single record of a request, its field names in lower case."""
    return folded(read_json(body), "body")


def read_records(body: bytes) -> list[Any]:
    """Return the records of a bulk request, one to 512. Raises Invalid or TooLarge."""
    records = read_json(body)
    if not isinstance(records, list) or not records:
        raise Invalid(
            "is not a list of records",
            where="body",
            remedy="send [{...}, {...}]",
        )
    if len(records) > BULK_LIMIT:
        raise TooLarge(
            f"{len(records)} records are more than {BULK_LIMIT}, the limit of a request",
            where="body",
            remedy=f"send them in parts of {BULK_LIMIT}; no record of this request was applied",
        )

    return records


def folded(record: Any, where: str) -> dict[str, Any]:
    """Return an object with its names in lower case.

    Raises Invalid for anything else, and for names that differ only in case.
    """
    if not isinstance(record, dict):
        raise Invalid("is not an object", where=where, remedy='send {"name": value, ...}')

    fields = {name.lower(): value for name, value in record.items()}
    if len(fields) != len(record):
        raise Invalid(
            "contains a name twice, in upper and lower case", where=where, remedy="send it once"
        )

    return fields


def text(record: Mapping[str, Any], name: str, *, default: str | None = None) -> str:
    """Return a field as text without surrounding blanks; whole numbers are accepted as text.

    With a default, a missing field is the default and a blank one is empty. Raises Invalid when the
    field is neither text nor a whole number, and without a default when it is missing or blank.
    """
    given = record.get(name.lower())
    if given is None and default is not None:
        return default

    value = given.strip() if type(given) is str else _number_text(given)
    is_blank_refused = default is None
    if value is None or (is_blank_refused and not value):
        raise Invalid(
            "is missing or is not text",
            where=name,
            remedy=f"send {name} as text",
        )

    return _printable(value, name)


def _number_text(value: Any) -> str | None:
    """Return a whole number as text; None for all else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def _printable(value: str, where: str) -> str:
    if "\x00" in value or len(value) > MAX_LENGTH:
        raise Invalid(
            f"contains a zero byte or is longer than {MAX_LENGTH} characters",
            where=where,
            remedy="shorten it",
        )
    return value


def truth(record: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """Return a field as a boolean; the texts "true" and "false" are accepted. Raises Invalid."""
    value = record.get(name.lower())
    if value is None:
        return default

    if isinstance(value, str):
        value = _TRUTHS.get(value.lower())

    if not isinstance(value, bool):
        raise Invalid(
            "is neither true nor false",
            where=name,
            remedy="send true or false",
        )

    return value


def number(value: Any, where: str) -> Decimal:
    """Return a quantity of at most 13 digits and four decimal places. Raises Invalid."""
    if type(value) is int and -_LARGEST_WHOLE < value < _LARGEST_WHOLE:
        return Decimal(value)

    if not _is_finite_number(value):
        raise Invalid(
            "is not a number",
            where=where,
            remedy="send a number such as 5 or 2.5",
        )

    quantity = Decimal(repr(value))
    # Large numbers are refused first: quantize cannot represent them.
    if abs(quantity) >= LARGEST or quantity != quantity.quantize(_FOUR_PLACES):
        raise Invalid(
            f"{value} has too many digits",
            where=where,
            remedy="send at most 13 digits and four decimal places",
        )

    return quantity


def _is_finite_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)


def texts(record: Mapping[str, Any], name: str) -> list[str]:
    """Return a list of texts without duplicates; a single text counts as a list, none as empty."""
    value = record.get(name.lower())
    if value is None:
        return []
    values = value if isinstance(value, list) else [value]
    return list(dict.fromkeys(text({name.lower(): item}, name) for item in values))


def day(value: Any, where: str) -> date:
    """Return the day of 2022-02-01 or 2022/2/1, or the UTC day of a date and time.

    Raises Invalid.
    """
    if isinstance(value, str):
        parts = value.strip().replace("/", "-").split("-")
        try:
            return _within_range(date(*map(int, parts)), where)
        except (ValueError, TypeError):
            pass

    return moment(value, where).date()


def moment(value: Any, where: str) -> datetime:
    """Return an ISO 8601 date and time in UTC; without an offset it is UTC. Raises Invalid."""
    try:
        given = _within_range(datetime.fromisoformat(value.strip()), where)
    except (AttributeError, ValueError):
        raise Invalid(
            "is not a date", where=where, remedy="send it as 2026-01-31 or 2026-01-31T12:00:00Z"
        ) from None
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)


Day = TypeVar("Day", bound=date)


def _within_range(value: Day, where: str) -> Day:
    """Refuse days so near the ends of the calendar that days cannot be added to them."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise Invalid(
            f"the year {value.year} is out of range",
            where=where,
            remedy=f"send a year from {FIRST_YEAR} to {LAST_YEAR}",
        )
    return value


def base_dimensions(
    dimensions: Any,
    configuration: InventoryConfiguration,
    data_source: str = "",
    *,
    where: str = "dimensions",
) -> dict[str, str]:
    """Return values by lower-case base dimension; empty values are left out.

    Names are base dimensions or dimensions of `data_source`. Raises Invalid.
    """
    if dimensions is None:
        return {}
    if not isinstance(dimensions, dict):
        raise Invalid("is not an object", where=where, remedy='send {"siteId": "1", ...}')

    result: dict[str, str] = {}
    for name, given in dimensions.items():
        base = base_name(name, configuration, data_source, where=where)
        value = _dimension_value(given, name, where)
        if not value:
            continue
        if result.setdefault(base, value) != value:
            raise Invalid(f"{name} has two values", where=where, remedy="send each dimension once")

    return result


def _dimension_value(value: Any, name: str, where: str) -> str:
    if value is None or value == "":
        return ""
    if not isinstance(value, str):
        value = text({name.lower(): value}, name)
    return _printable(value.strip(), f"{where}.{name}")


def base_name(
    name: str, configuration: InventoryConfiguration, data_source: str = "", *, where: str
) -> str:
    """Return the lower-case base dimension with this name, which may be one of `data_source`.

    Raises Invalid for an unknown name.
    """
    lower = name.lower()
    if data_source:
        source = data_source_of(configuration, data_source, "dimensionDataSource")
        mapped = source.dimensions.get(lower)
        if mapped:
            return mapped

    if lower in BASE_DIMENSIONS:
        return lower

    of_source = f" of {data_source}" if data_source else ""
    raise Invalid(
        f"{name} is neither a base dimension nor a dimension{of_source}",
        where=f"{where}.{name}",
        remedy="map it in the inventory configuration, or name its dimensionDataSource",
    )


def data_source_of(configuration: InventoryConfiguration, name: str, where: str) -> DataSource:
    """Return a configured data source. Raises Invalid for an unknown name."""
    found = configuration.sources.get(name.lower())
    if found is None:
        raise Invalid(
            f"there is no data source {name}",
            where=where,
            remedy="add it to the inventory configuration",
        )

    return found


def stock_name(record: Mapping[str, Any], configuration: InventoryConfiguration) -> StockName:
    """Return the stock that a record with lower-case names changes.

    Raises Invalid when site or location is missing and the configuration requires both.
    """
    given = text(record, "organizationId")
    data_source = text(record, "dimensionDataSource", default="")
    dimensions = base_dimensions(record.get("dimensions"), configuration, data_source)
    if configuration.by_location:
        _require_place(dimensions)

    source = dimensions.pop(LOCATION, "")
    organization = configuration.organization(given)
    if not organization and dimensions.get(SITE) == configuration.site_of(source):
        # Stock at an own location is a source of orders and does not store its site.
        del dimensions[SITE]

    return StockName(organization, text(record, "productId"), source, dimensions)


def _require_place(dimensions: Mapping[str, str]) -> None:
    for dimension, label in ((SITE, "siteId"), (LOCATION, "locationId")):
        if dimension not in dimensions:
            raise Invalid(
                f"{label} is missing",
                where=f"dimensions.{label}",
                remedy="send siteId and locationId",
            )


def measure_name(
    configuration: InventoryConfiguration, data_source: str, measure: str, *, where: str
) -> Measure:
    """Return a physical measure that the API may change.

    Raises Invalid, or Forbidden when its data source is read-only.
    """
    source = data_source_of(configuration, data_source, where)
    name = measure.lower()
    if name not in source.physical:
        raise Invalid(
            f"{data_source}.{measure} is not a physical measure",
            where=where,
            remedy="add it to the inventory configuration,"
            " or change the measures it is calculated from",
        )
    if source.read_only:
        raise Forbidden(
            f"quantities of {data_source} cannot be changed through the API",
            where=where,
            remedy="post them to another data source, or import them with the file feed",
        )

    return source.name, name


def quantities_of(
    value: Any, configuration: InventoryConfiguration, where: str = "quantities"
) -> dict[Measure, Decimal]:
    """Return {data source: {measure: number}} as quantities by physical measure.

    Raises Invalid when it contains no quantity.
    """
    quantities: dict[Measure, Decimal] = {}
    for source, measures in folded(value, where).items():
        for name, given in folded(measures, f"{where}.{source}").items():
            path = f"{where}.{source}.{name}"
            measure = measure_name(configuration, source, name, where=path)
            quantities[measure] = number(given, path)

    if not quantities:
        raise Invalid("contains no quantity", where=where, remedy='send {"iom": {"onhand": 5}}')

    return quantities


def hierarchy_prefix(name: StockName, configuration: InventoryConfiguration) -> Sequence[str]:
    """Return the dimensions of the reservation hierarchy down to the level of `name`.

    Raises Invalid unless its dimensions are a prefix of the hierarchy.
    """
    given = name.named()
    if not name.organization and LOCATION in given:
        given.setdefault(SITE, "")

    hierarchy = configuration.hierarchy
    level = hierarchy[: len(given)]
    if set(level) != set(given):
        names = ", ".join(sorted(given)) or "no dimension"
        raise Invalid(
            f"{names} is not a prefix of {', '.join(hierarchy)}",
            where="dimensions",
            remedy="send every dimension of the reservation hierarchy down to the deepest one"
            " you need, and no other",
        )

    return level
