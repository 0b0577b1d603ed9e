"""
Reading the contract's bodies: names in any case, dimensions by a data source's own names, quantities by measure.

Field names, dimension names, data sources and measures are compared without regard to case; values (organization,
product, dimension values) are kept as they came, without blanks around them. Errors name the field by its path.
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
from openiom.kernel import Forbidden, Invalid, TooLarge

BULK_LIMIT = 512
NO_DIMENSIONS: Mapping[str, str] = {}
LARGEST = Decimal(10) ** 13
_FOUR_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class StockName:
    """Where a record points. `organization` is '' for our own; `source` is the locationId, '' when none is given;

    `dimensions` are lower-case base dimensions to values, without locationid.
    """

    organization: str
    product: str
    source: str
    dimensions: Mapping[str, str]

    def named(self) -> dict[str, str]:
        """Every dimension, locationid included."""
        return {**self.dimensions, LOCATION: self.source} if self.source else dict(self.dimensions)


def read_json(body: bytes) -> Any:
    """The body of a request. Raises Invalid when it is not JSON."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Invalid(
            f"the body is not JSON: {error}", where="body", remedy="send a JSON document"
        ) from None


def read_object(body: bytes) -> dict[str, Any]:
    """A request's only record, its field names in lower case."""
    return folded(read_json(body), "body")


def read_records(body: bytes) -> list[Any]:
    """The records of a bulk request as they came: one to 512. Raises TooLarge beyond that."""
    records = read_json(body)
    if not isinstance(records, list) or not records:
        raise Invalid(
            "a bulk request is a list of records", where="body", remedy="send [{...}, {...}]"
        )
    if len(records) > BULK_LIMIT:
        raise TooLarge(
            f"{len(records)} records are more than the {BULK_LIMIT} one request may hold",
            where="body",
            remedy=f"send them in parts of {BULK_LIMIT}; nothing of this request was taken",
        )
    return records


def folded(record: Any, where: str) -> dict[str, Any]:
    """An object with its names in lower case. Raises Invalid for anything else, and for a name given twice."""
    if not isinstance(record, dict):
        raise Invalid("is not an object", where=where, remedy='send {"name": value, ...}')
    out = {name.lower(): value for name, value in record.items()}
    if len(out) != len(record):
        raise Invalid(
            "gives a name twice, in upper and lower case", where=where, remedy="give it once"
        )
    return out


def text(record: Mapping[str, Any], name: str, *, default: str | None = None) -> str:
    """A field as text without blanks around it; numbers are taken as text. Raises Invalid when it is missing."""
    value = record.get(name.lower())
    if value is None and default is not None:
        return default
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not (value.strip() or default is not None):
        raise Invalid("is missing or is not text", where=name, remedy=f"give {name} as text")
    return _printable(value.strip(), name)


def _printable(value: str, where: str) -> str:
    if "\x00" in value or len(value) > 400:
        raise Invalid(
            "holds a zero byte or is longer than 400 characters", where=where, remedy="shorten it"
        )
    return value


def truth(record: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = record.get(name.lower())
    if value is None:
        return default
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise Invalid("is neither true nor false", where=name, remedy="send true or false")
    return value


def number(value: Any, where: str) -> Decimal:
    """A quantity: at most four decimal places and thirteen digits before them."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Invalid("is not a number", where=where, remedy="send a number such as 5 or 2.5")
    read = Decimal(value) if isinstance(value, int) else Decimal(repr(value))
    if abs(read) >= LARGEST or (isinstance(value, float) and read != read.quantize(_FOUR_PLACES)):
        raise Invalid(
            f"{value} does not fit", where=where, remedy="at most 13 digits and four decimal places"
        )
    return read


def texts(record: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts; one text stands for a list of one, an absent field for an empty list."""
    value = record.get(name.lower())
    given = [] if value is None else value if isinstance(value, list) else [value]
    return list(dict.fromkeys(text({name.lower(): v}, name) for v in given))


def day(value: Any, where: str) -> date:
    """2022-02-01, 2022/2/1, or a date and time, of which the UTC day counts."""
    if isinstance(value, str):
        try:
            return _of_our_time(
                date(*(int(part) for part in value.strip().replace("/", "-").split("-"))), where
            )
        except (ValueError, TypeError):
            pass
    return moment(value, where).date()


def moment(value: Any, where: str) -> datetime:
    """An ISO 8601 date and time in UTC; one without an offset is UTC."""
    try:
        read = _of_our_time(datetime.fromisoformat(value.strip()), where)
    except (AttributeError, ValueError):
        raise Invalid(
            "is not a date", where=where, remedy="send it as 2026-01-31 or 2026-01-31T12:00:00Z"
        ) from None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


Day = TypeVar("Day", bound=date)


def _of_our_time(value: Day, where: str) -> Day:
    """Days at the ends of the calendar cannot be counted from."""
    if not 1900 <= value.year <= 9000:
        raise Invalid(
            f"the year {value.year} is out of reach",
            where=where,
            remedy="send a year from 1900 to 9000",
        )
    return value


def base_dimensions(
    dimensions: Any,
    configuration: InventoryConfiguration,
    data_source: str = "",
    *,
    where: str = "dimensions",
) -> dict[str, str]:
    """Dimension names of `data_source` or base names, to base names in lower case; empty values are left out."""
    if dimensions is None:
        return {}
    if not isinstance(dimensions, dict):
        raise Invalid("is not an object", where=where, remedy='send {"siteId": "1", ...}')
    out: dict[str, str] = {}
    for name, value in dimensions.items():
        base = base_name(name, configuration, data_source, where=where)
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        if not isinstance(value, str):
            value = text({name.lower(): value}, name)
        if base in out and out[base] != value.strip():
            raise Invalid(
                f"{name} is given two values", where=where, remedy="give each dimension once"
            )
        out[base] = value.strip()
        if len(value) > 400 or "\x00" in value:
            _printable(value, f"{where}.{name}")
    return out


def base_name(
    name: str, configuration: InventoryConfiguration, data_source: str = "", *, where: str
) -> str:
    """The base dimension `name` means, in lower case. Raises Invalid when it means none."""
    low = name.lower()
    if data_source:
        mapped = data_source_of(configuration, data_source, "dimensionDataSource").dimensions.get(
            low
        )
        if mapped:
            return mapped
    if low in BASE_DIMENSIONS:
        return low
    whose = f" of {data_source}" if data_source else ""
    raise Invalid(
        f"{name} is neither a base dimension nor a dimension{whose}",
        where=f"{where}.{name}",
        remedy="map it in the inventory configuration, or name its dimensionDataSource",
    )


def data_source_of(configuration: InventoryConfiguration, name: str, where: str) -> DataSource:
    """A configured data source. Raises Invalid."""
    found = configuration.sources.get(name.lower())
    if found is None:
        raise Invalid(
            f"there is no data source {name}",
            where=where,
            remedy="add it to the inventory configuration",
        )
    return found


def stock_name(record: Mapping[str, Any], configuration: InventoryConfiguration) -> StockName:
    """Where a folded record points, for writing. Raises Invalid when the partition asks for more."""
    given = text(record, "organizationId")
    dimensions = base_dimensions(
        record.get("dimensions"), configuration, text(record, "dimensionDataSource", default="")
    )
    if configuration.by_location and not (SITE in dimensions and LOCATION in dimensions):
        missing = "siteId" if SITE not in dimensions else "locationId"
        raise Invalid(
            f"{missing} is missing",
            where=f"dimensions.{missing}",
            remedy="give siteId and locationId",
        )
    source = dimensions.pop(LOCATION, "")
    organization = configuration.organization(given)
    if not organization and dimensions.get(SITE) == configuration.site_of(source):
        del dimensions[
            SITE
        ]  # What stands at an own location is what orders are sourced from; its site says no more.
    return StockName(organization, text(record, "productId"), source, dimensions)


def measure_name(
    configuration: InventoryConfiguration, data_source: str, measure: str, *, where: str
) -> Measure:
    """A physical measure the API may change. Raises Invalid, or Forbidden when its data source is read-only."""
    source = data_source_of(configuration, data_source, where)
    name = measure.lower()
    if name not in source.physical:
        raise Invalid(
            f"{data_source}.{measure} is not a physical measure",
            where=where,
            remedy="add it to the inventory configuration, or change the measures it is calculated from",
        )
    if source.read_only:
        raise Forbidden(
            f"quantities of {data_source} cannot be changed through the API",
            where=where,
            remedy="post them to another data source, or let the file feed bring them",
        )
    return source.name, name


def quantities_of(
    value: Any, configuration: InventoryConfiguration, where: str = "quantities"
) -> dict[Measure, Decimal]:
    """{data source: {measure: number}} as physical measures. Raises Invalid when nothing stands in it."""
    out: dict[Measure, Decimal] = {}
    for source, measures in folded(value, where).items():
        for name, given in folded(measures, f"{where}.{source}").items():
            at = f"{where}.{source}.{name}"
            out[measure_name(configuration, source, name, where=at)] = number(given, at)
    if not out:
        raise Invalid("holds no quantity", where=where, remedy='send {"iom": {"onhand": 5}}')
    return out


def hierarchy_prefix(name: StockName, configuration: InventoryConfiguration) -> Sequence[str]:
    """The reservation level of a name. Raises Invalid unless its dimensions are an unbroken beginning of the order."""
    given = name.named()
    if not name.organization and LOCATION in given:
        given.setdefault(SITE, "")
    order = configuration.hierarchy
    level = order[: len(given)]
    if set(level) != set(given):
        raise Invalid(
            f"{', '.join(sorted(given)) or 'no dimension'} is not an unbroken beginning of {', '.join(order)}",
            where="dimensions",
            remedy="give every dimension of the reservation hierarchy down to the deepest one you need, and no other",
        )
    return level
