"""Stock of variants: what each may have, and what several of them share."""

from datetime import UTC, datetime
from decimal import Decimal

from openiom.inventory_visibility import (
    MeasureChange,
    SoftReservationRequest,
    Variant,
    inventory_configuration,
    post_measures,
    soft_reserve,
    variant_dimensions,
    variant_stock,
)
from openiom.inventory_visibility.availability.hierarchy import Level
from openiom.platform.bulk import execute
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def level(**values: str) -> Level:
    return frozenset(values.items())


def variant(**values: str) -> Variant:
    return Variant("SHIRT", level(**values))


def supply(
    database: Database, units: str, source: str = "SEA", product: str = "SHIRT", **dimensions: str
) -> None:
    with database.unit_of_work() as session:
        change = MeasureChange(
            "", product, source, {("pos", "posinbound"): Decimal(units)}, dimensions=dimensions
        )
        assert post_measures(session, [change], now=NOW, actor="pos", cause="api")[0].ok


def reserve(database: Database, units: int, **dimensions: str) -> None:
    with database.unit_of_work() as session:
        requests = [SoftReservationRequest("", "SHIRT", "SEA", Decimal(units), dimensions)]
        assert soft_reserve(session, requests, now=NOW, actor="shop")[0].ok


def units(
    database: Database, *variants: Variant, channel: str = ""
) -> dict[tuple[Variant, str], int]:
    with database.reading() as session:
        return variant_stock(session, variants, channel=channel).units()


def test_a_variant_may_use_every_deeper_row_and_no_other(database: Database) -> None:
    supply(database, "9")
    supply(database, "2", colorid="red", sizeid="m")
    supply(database, "3.7", colorid="red", sizeid="l", styleid="slim")
    supply(database, "4", colorid="blue", sizeid="m")
    supply(database, "5", source="CHI", colorid="red")
    supply(database, "6", product="COAT", colorid="red")
    red, medium, exact = (
        variant(colorid="red"),
        variant(sizeid="m"),
        variant(colorid="red", sizeid="l"),
    )
    assert units(database, red, medium, exact, variant(colorid="green")) == {
        (red, "SEA"): 5,
        (red, "CHI"): 5,
        (medium, "SEA"): 6,
        (exact, "SEA"): 3,
    }


def test_units_reserved_for_any_color_are_backed_by_the_colors(database: Database) -> None:
    supply(database, "2", colorid="red", sizeid="m")
    supply(database, "3", colorid="blue", sizeid="m")
    reserve(database, 4)
    red, blue = variant(colorid="red"), variant(colorid="blue")
    assert units(database, red, blue) == {(red, "SEA"): 1, (blue, "SEA"): 1}

    with database.reading() as session:
        stock = variant_stock(session, [red, blue])

    assert stock.granted("SEA", {red: 1, blue: 1}) == {blue: 1, red: 0}
    assert stock.granted("CHI", {red: 1}) == {red: 0}


def test_safety_stock_and_allocations_are_left_out_at_each_row(database: Database) -> None:
    supply(database, "10", colorid="red")
    supply(database, "4", colorid="red", sizeid="m")

    red = variant(colorid="red")
    with database.unit_of_work() as session:
        execute(
            session,
            "UPDATE inventory_visibility.stock SET safety_stock = 3"
            " WHERE dimensions = 'colorid=red'",
        )
        execute(
            session,
            "INSERT INTO inventory_visibility.allocation (stock_id, groups, allocated)"
            " SELECT id, '{web}', 1"
            " FROM inventory_visibility.stock WHERE dimensions <> 'colorid=red'",
        )

    assert units(database, red) == {(red, "SEA"): 10}
    assert units(database, red, channel="web") == {(red, "SEA"): 11}
    assert units(database, red, channel="store") == {(red, "SEA"): 10}


def test_names_of_every_data_source_are_understood_in_any_case(database: Database) -> None:
    with database.reading() as session:
        configuration = inventory_configuration(session)

    given = {"ColorId": " Red ", "inventSIZEid": "M", "PosStyleId": "", "ConfigId": "c1"}
    assert variant_dimensions(given, configuration, where="d") == (
        {"colorid": "Red", "sizeid": "M", "configid": "c1"},
        [],
    )
    values, problems = variant_dimensions(
        {"Colour": "Red", "SiteId": "1", "colorid": "a", "PosColorId": "b"},
        configuration,
        where="lines.0.dimensions",
    )
    assert values == {"colorid": "a"}
    assert [p.where.removeprefix("lines.0.dimensions.") for p in problems] == [
        "Colour",
        "SiteId",
        "PosColorId",
    ]
    assert "colorid" in problems[0].remedy
    assert "sizeid" in problems[0].remedy
