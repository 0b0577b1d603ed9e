"""Calculated measures, dimensions and group columns of the visibility grid."""

from decimal import Decimal

import pytest

from openiom.inventory_visibility import InventoryConfigurationBody
from openiom.inventory_visibility.availability.display_schema import _dimensions, _source_system
from openiom.inventory_visibility.availability.grid import (
    GridGroup,
    checked_dimension,
    with_calculated_measures,
)
from openiom.inventory_visibility.availability.grid_routes import _dimensions as read_dimensions
from openiom.inventory_visibility.availability.grid_routes import _group_by
from openiom.inventory_visibility.configuration import parse
from openiom.inventory_visibility.default_configuration import DEFAULT
from openiom.kernel import Invalid
from openiom.platform.clock import utc_now

CONFIGURATION = parse(InventoryConfigurationBody.model_validate(DEFAULT))


def test_calculated_measures_are_shown_when_any_term_has_a_quantity() -> None:
    physical = {("iom", "onhand"): Decimal(10), ("pos", "outbound"): Decimal("2.5")}
    found = with_calculated_measures(physical, CONFIGURATION)
    assert found["iom"] == {"onhand": 10}
    assert found["pos"] == {"outbound": 2.5}
    assert found["iv"]["onhand"] == 7.5
    assert found["iv"]["availabletoreserve"] == 7.5
    assert "softreserved" not in found["iv"]
    assert "orderedtotal" not in found["iv"]


def test_a_zero_quantity_is_a_quantity() -> None:
    found = with_calculated_measures({("iv", "softreservordered"): Decimal(0)}, CONFIGURATION)
    assert found["iv"]["softreserved"] == 0


def test_without_quantities_there_are_no_measures() -> None:
    assert with_calculated_measures({}, CONFIGURATION) == {}


def test_available_is_on_hand_less_everything_kept_back() -> None:
    group = GridGroup(
        values=("LAMP",),
        keys=1,
        stock_id=7,
        on_hand=Decimal(20),
        reserved=Decimal(4),
        safety_stock=Decimal(3),
        oversell=False,
        updated_at=utc_now(),
        allocated=Decimal(2),
        product_name="Lamp",
        measures={},
    )
    assert group.available == 11


@pytest.mark.parametrize(("given", "name"), [("ColorId", "colorid"), (" siteid ", "siteid")])
def test_a_dimension_is_a_base_dimension_in_any_case(given: str, name: str) -> None:
    assert checked_dimension(given, "dimension") == name


@pytest.mark.parametrize("given", ["Colour", "LocationId", "", "product"])
def test_the_location_and_unknown_names_are_no_dimensions(given: str) -> None:
    with pytest.raises(Invalid, match="is not a dimension"):
        checked_dimension(given, "dimension")


def test_dimension_filters_are_pairs_with_a_possibly_empty_value() -> None:
    assert read_dimensions(["ColorId=red", "SizeId="]) == {"colorid": "red", "sizeid": ""}
    assert read_dimensions(["StyleId=a=b"]) == {"styleid": "a=b"}
    assert read_dimensions(["SiteId"]) == {"siteid": ""}
    assert read_dimensions([]) == {}


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("product,source", ["product", "source"]),
        (" Source , ColorId,", ["source", "colorid"]),
        ("siteid", ["siteid"]),
        (
            "product,source,colorid,sizeid,styleid,configid",
            ["product", "source", "colorid", "sizeid", "styleid", "configid"],
        ),
    ],
)
def test_groups_are_named_in_any_order_and_case(given: str, names: list[str]) -> None:
    assert _group_by(given) == names


@pytest.mark.parametrize(
    "given",
    [
        "",
        " , ",
        "product,product",
        "product,Product",
        "product,source,colorid,sizeid,styleid,configid,batchid",
    ],
)
def test_groups_are_named_once_and_at_most_six(given: str) -> None:
    with pytest.raises(Invalid, match="cannot group by"):
        _group_by(given)


def test_a_group_by_an_unknown_name_is_refused() -> None:
    with pytest.raises(Invalid, match="warehouse is not a dimension"):
        _group_by("product,warehouse")


def test_the_shown_dimensions_are_those_stock_is_reserved_or_indexed_by() -> None:
    body = InventoryConfigurationBody.model_validate(
        {
            **DEFAULT,
            "reservation_hierarchy": ["SiteId", "LocationId", "ColorId"],
            "index_sets": [["Empty"], ["colorid", "SizeId"], ["Unknown"]],
        }
    )
    shown = [(one.name, one.title) for one in _dimensions(body)]
    assert shown == [("siteid", "SiteId"), ("colorid", "ColorId"), ("sizeid", "SizeId")]


def test_a_source_system_shows_physical_and_calculated_measures() -> None:
    body = InventoryConfigurationBody.model_validate(DEFAULT)
    found = _source_system("POS", body.data_sources["pos"])
    assert (found.name, found.title, found.read_only) == ("pos", "POS", False)
    assert [one.name for one in found.measures] == [
        "posinbound",
        "posoutbound",
        "inbound",
        "outbound",
        "availquantity",
    ]
    assert found.measures[0].terms == []
    assert [(term.sign, term.data_source, term.measure) for term in found.measures[-1].terms] == [
        ("+", "fno", "availphysical"),
        ("+", "pos", "posinbound"),
        ("-", "pos", "posoutbound"),
    ]
