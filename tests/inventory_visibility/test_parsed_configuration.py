"""A document parsed into the configuration that all other code uses."""

from typing import Any

import pytest
from pydantic import ValidationError

from openiom.inventory_visibility.configuration import (
    InventoryConfiguration,
    InventoryConfigurationBody,
    measure_of,
    parse,
)
from openiom.inventory_visibility.default_configuration import DEFAULT

SOURCES: dict[str, Any] = {
    "IV": {
        "physical_measures": ["SoftOrdered", "Hard"],
        "calculated_measures": {
            "Free": [
                ["Addition", "ERP", "OnHand"],
                ["Subtraction", "IV", "Hard"],
                ["Subtraction", "IV", "SoftOrdered"],
            ],
            "Soft": [["Addition", "iv", "softordered"]],
        },
    },
    "ERP": {
        "dimension_mapping": {"Colour": "ColorId", "Warehouse": "LocationId"},
        "physical_measures": ["OnHand"],
        "read_only": True,
    },
}


def body(**changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "own_organization": "USMF",
        "data_sources": SOURCES,
        "index_sets": [["ColorId", "SizeId"], ["Empty"]],
        "reservation_mapping": [["IV", "SoftOrdered", "IV", "Free"]],
        "reservation_hierarchy": ["SiteId", "LocationId", "ColorId"],
        "allocation_groups": ["Channel", "Customer"],
        "sites": {"SEA-2": "SEA"},
    }
    return given | changes


def parsed(**changes: Any) -> InventoryConfiguration:
    return parse(InventoryConfigurationBody.model_validate(body(**changes)))


def test_measures_are_compared_in_lower_case() -> None:
    assert measure_of("ERP", "OnHand") == ("erp", "onhand")
    assert parsed().calculated == {
        ("iv", "free"): {("erp", "onhand"): 1, ("iv", "hard"): -1, ("iv", "softordered"): -1},
        ("iv", "soft"): {("iv", "softordered"): 1},
    }


def test_on_hand_is_what_may_be_reserved_without_the_soft_reservations() -> None:
    found = parsed()
    assert found.supply == {("erp", "onhand"): 1, ("iv", "hard"): -1}
    assert found.reservation[("iv", "softordered")] == ("iv", "free")
    assert found.formula.reservations == {("iv", "softordered"), ("iv", "softreservordered")}
    assert ("iv", "softordered") in found.calculated["iv", "free"], "the calculated one keeps it"


def test_without_a_reservation_mapping_nothing_counts_as_on_hand() -> None:
    found = parsed(reservation_mapping=[])
    assert (found.supply, found.reservation, found.formula.reservations) == ({}, {}, frozenset())


def test_a_source_system_has_its_own_names_of_dimensions() -> None:
    erp = parsed().sources["erp"]
    assert (erp.name, erp.read_only, erp.physical) == ("erp", True, {"onhand"})
    assert erp.dimensions == {"colour": "colorid", "warehouse": "locationid"}
    assert not parsed().sources["iv"].read_only


@pytest.mark.parametrize(
    ("given", "stored"), [("USMF", ""), ("usmf", ""), ("UsMf", ""), ("DEMF", "DEMF"), ("", "")]
)
def test_the_own_organization_is_stored_as_none_in_whatever_case(given: str, stored: str) -> None:
    assert parsed().organization(given) == stored


def test_a_location_is_its_own_site_unless_the_document_says_otherwise() -> None:
    assert parsed().site_of("SEA-2") == "SEA"
    assert parsed().site_of("CHI") == "CHI"


@pytest.mark.parametrize(
    ("group_by", "index"),
    [
        ([], ("colorid", "sizeid")),
        (["colorid"], ("colorid", "sizeid")),
        (["sizeid", "colorid"], ("colorid", "sizeid")),
        (["siteid", "locationid", "colorid"], ("colorid", "sizeid")),
        (["sizeid"], None),
        (["styleid"], None),
        (["colorid", "sizeid", "styleid"], None),
    ],
)
def test_a_grouping_needs_an_index_that_begins_with_its_dimensions(
    group_by: list[str], index: tuple[str, ...] | None
) -> None:
    assert parsed().index_of(group_by) == index


def test_the_first_fitting_index_is_used_and_an_empty_one_fits_only_the_partition() -> None:
    found = parsed(index_sets=[["Empty"], ["ColorId"], ["ColorId", "SizeId"]])
    assert found.index_sets == ((), ("colorid",), ("colorid", "sizeid"))
    assert found.index_of(["siteid"]) == ()
    assert found.index_of(["colorid"]) == ("colorid",)


def test_settings_are_carried_over() -> None:
    found = parsed(partition="product", atp={"measures": [["IV", "Free"]], "days": 180})
    assert not found.by_location
    assert parsed().by_location
    assert (found.atp_measures, found.atp_days) == ((("iv", "free"),), 180)
    assert (parsed().atp_measures, parsed().atp_days) == ((), 30)
    assert found.hierarchy == ("siteid", "locationid", "colorid")
    assert found.allocation_groups == ("Channel", "Customer")
    assert found.own_organization == "usmf"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"own_organization": ""}, "own_organization"),
        ({"partition": "customer"}, "partition"),
        ({"atp": {"days": 0}}, "atp.days"),
        ({"atp": {"days": 181}}, "atp.days"),
        ({"allocation_groups": [f"g{n}" for n in range(9)]}, "allocation_groups"),
        ({"reservation_mapping": [["iv", "softordered"]]}, "reservation_mapping.0"),
        ({"color": "red"}, "color"),
        ({"data_sources": {"ERP": {"colour": "red"}}}, "data_sources.ERP.colour"),
    ],
)
def test_a_document_that_is_not_of_this_kind_is_refused(
    changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        parsed(**changes)
    places = {".".join(map(str, error["loc"])) for error in caught.value.errors()}
    assert any(place.startswith(field) for place in places), places


def test_the_shipped_document_reserves_by_the_dimensions_of_variants() -> None:
    shipped = parse(InventoryConfigurationBody.model_validate(DEFAULT))
    assert shipped.hierarchy == ("siteid", "locationid", "colorid", "sizeid")
    assert shipped.by_location
    assert shipped.index_sets == (("colorid", "sizeid", "styleid"),)
    assert shipped.atp_days == 30
