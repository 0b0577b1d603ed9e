"""Problems an inventory configuration has by itself, each with its place."""

from copy import deepcopy
from typing import Any

import pytest

from openiom.inventory_visibility import InventoryConfigurationBody
from openiom.inventory_visibility.configuration import parse
from openiom.inventory_visibility.configuration_problems import problems_of
from openiom.inventory_visibility.default_configuration import DEFAULT

Body = dict[str, Any]


def problems(body: Body) -> list[tuple[str, str]]:
    found = problems_of(InventoryConfigurationBody.model_validate(body))
    assert all(problem.remedy for problem in found)
    return [(problem.where, problem.what) for problem in found]


def changed(**parts: Any) -> Body:
    return {**deepcopy(DEFAULT), **parts}


def with_source(name: str, **source: Any) -> Body:
    body = deepcopy(DEFAULT)
    body["data_sources"][name] = {**body["data_sources"].get(name, {}), **source}
    return body


def test_the_shipped_configuration_has_no_problems() -> None:
    assert problems(DEFAULT) == []


def test_names_that_differ_only_in_case_are_named() -> None:
    assert problems(with_source("POS", physical_measures=["Stock"])) == [
        ("data_sources", "pos is named 2 times")
    ]
    assert problems(changed(allocation_groups=["channel", "Channel"])) == [
        ("allocation_groups", "channel is named 2 times")
    ]


def test_an_empty_name_is_a_problem() -> None:
    assert problems(changed(allocation_groups=["channel", " "])) == [
        ("allocation_groups", "contains an empty name")
    ]


def test_a_dimension_is_mapped_to_a_base_dimension_once() -> None:
    mapping = {"PosColor": "Colour", "Shade": "ColorId", "SHADE": "SizeId"}
    assert problems(with_source("crm", dimension_mapping=mapping)) == [
        ("data_sources.crm.dimension_mapping", "shade is named 2 times"),
        ("data_sources.crm.dimension_mapping.PosColor", "Colour is not a base dimension"),
    ]


def test_physical_and_calculated_measures_of_a_source_share_their_names() -> None:
    body = with_source(
        "crm",
        physical_measures=["Stock"],
        calculated_measures={"STOCK": [["Addition", "crm", "Stock"]]},
    )
    assert problems(body) == [("data_sources.crm", "stock is named 2 times")]


def test_a_calculated_measure_has_terms_of_physical_measures_each_once() -> None:
    body = with_source(
        "crm",
        physical_measures=["Stock"],
        calculated_measures={
            "Empty": [],
            "Twice": [["Addition", "crm", "Stock"], ["Subtraction", "CRM", "stock"]],
            "Unknown": [["Addition", "crm", "Twice"], ["Addition", "fno", "Nothing"]],
        },
    )
    place = "data_sources.crm.calculated_measures"
    assert problems(body) == [
        (f"{place}.Empty", "has no terms"),
        (f"{place}.Twice", "crm.stock is a term 2 times"),
        (f"{place}.Unknown", "crm.twice is not a physical measure"),
        (f"{place}.Unknown", "fno.nothing is not a physical measure"),
    ]


def test_index_sets_contain_base_dimensions_without_the_partition() -> None:
    sets = [["ColorId", "Colour"], ["SiteId", "ColorId"], ["Empty"], ["SizeId", "sizeid"]]
    assert problems(changed(index_sets=sets)) == [
        ("index_sets[0]", "Colour is not a base dimension"),
        ("index_sets[1]", "SiteId is a partition dimension"),
        ("index_sets[3]", "sizeid is named 2 times"),
    ]
    assert problems(changed(index_sets=[])) == [("index_sets", "no index set is given")]


def test_partitioned_by_product_an_index_may_contain_the_site() -> None:
    body = changed(partition="product", index_sets=[["SiteId", "ColorId"]])
    assert problems(body) == []


@pytest.mark.parametrize(
    "hierarchy",
    [["LocationId", "SiteId", "ColorId"], ["SiteId", "LocationId"], []],
)
def test_a_hierarchy_begins_with_site_and_location_in_any_order(hierarchy: list[str]) -> None:
    assert problems(changed(reservation_hierarchy=hierarchy)) == []


def test_a_hierarchy_that_begins_otherwise_is_refused() -> None:
    assert problems(changed(reservation_hierarchy=["SiteId", "ColorId", "LocationId"])) == [
        ("reservation_hierarchy", "does not begin with site and location")
    ]
    assert ("reservation_hierarchy", "Empty is not a base dimension") in problems(
        changed(reservation_hierarchy=["SiteId", "LocationId", "Empty"])
    )


def test_partitioned_by_product_a_hierarchy_begins_anywhere() -> None:
    assert problems(changed(partition="product", reservation_hierarchy=["ColorId"])) == []


def mapping(*rows: tuple[str, str, str, str]) -> Body:
    return changed(reservation_mapping=[list(one) for one in rows])


ORDERED = ("iv", "SoftReservOrdered", "iv", "AvailableToReserve")


def test_a_reservation_mapping_names_a_physical_and_a_calculated_measure() -> None:
    found = problems(mapping(ORDERED, ("iv", "OnHand", "iv", "SoftReservOrdered")))
    assert found == [
        ("reservation_mapping[1]", "iv.onhand is not a physical measure"),
        ("reservation_mapping[1]", "iv.softreservordered is not a calculated measure"),
        ("reservation_mapping", "checks against several measures"),
    ]


def test_the_calculated_measure_subtracts_the_reserved_one() -> None:
    found = problems(mapping(ORDERED, ("pos", "Inbound", "iv", "ReservedTotal")))
    assert found == [
        ("reservation_mapping[1]", "iv.reservedtotal does not subtract pos.inbound"),
        ("reservation_mapping", "checks against several measures"),
    ]


def test_orders_need_a_mapping_of_their_measure_that_counts_own_stock() -> None:
    what = "orders reserve iv.SoftReservOrdered against iom.OnHand, which no mapping allows"
    assert problems(mapping()) == [("reservation_mapping", what)]
    assert problems(mapping(("iv", "SoftReservOrdered", "iv", "SoftReserved"))) == [
        ("reservation_mapping[0]", "iv.softreserved does not subtract iv.softreservordered"),
        ("reservation_mapping", what),
    ]


def test_the_published_mapping_leaves_out_the_measure_that_orders_reserve() -> None:
    published = ("iv", "SoftReservPhysical", "iv", "AvailableToReserve")
    assert problems(mapping(published)) == []
    found = parse(InventoryConfigurationBody.model_validate(mapping(published)))
    assert found.reservation == {
        ("iv", "softreservphysical"): ("iv", "availabletoreserve"),
        ("iv", "softreservordered"): ("iv", "availabletoreserve"),
    }


def checked_against(formula: str) -> list[tuple[str, str]]:
    """Return the problems when reservations are checked against this measure, such as '+iom.A'."""
    terms = []
    for term in formula.split():
        terms.append([{"+": "Addition", "-": "Subtraction"}[term[0]], *term[1:].split(".")])
    body = with_source(
        "crm",
        physical_measures=["Soft"],
        calculated_measures={"Free": terms},
    )
    body["data_sources"]["iom"]["physical_measures"].append("Discrepancy")
    body["reservation_mapping"] = [["crm", "Soft", "crm", "Free"]]
    return problems(body)


def test_the_checked_measure_has_the_signs_with_which_stock_moves() -> None:
    good = "+iom.OnHand -crm.Soft -iv.SoftReservOrdered"
    assert checked_against(good) == []
    assert checked_against("-iom.OnHand -crm.Soft -iv.SoftReservOrdered") == [
        (
            "reservation_mapping",
            "orders reserve iv.SoftReservOrdered against iom.OnHand, which no mapping allows",
        )
    ]
    assert checked_against("+iom.OnHand -crm.Soft") == [
        (
            "reservation_mapping",
            "the checked measure does not subtract iv.softreservordered, which orders reserve",
        )
    ]
    assert checked_against(f"{good} +iom.Discrepancy") == [
        (
            "reservation_mapping",
            "iom.discrepancy counts units that were shipped but not on hand",
        )
    ]


def test_measures_promised_by_date_are_calculated_ones() -> None:
    atp = {"measures": [["iv", "AvailableToPromise"], ["iv", "Ordered"]], "days": 30}
    assert problems(changed(atp=atp)) == [
        ("atp.measures[1]", "iv.Ordered is not a calculated measure")
    ]


def test_at_most_eight_physical_measures_can_be_dated() -> None:
    atp = {"measures": [["iv", "AvailableToPromise"], ["iv", "ReservedTotal"]], "days": 30}
    assert problems(changed(atp=atp)) == [
        ("atp.measures", "12 physical measures would be dated, at most 8 can be")
    ]
    eight = with_source("crm", calculated_measures={"Eight": _terms(8), "Nine": _terms(9)})
    eight["atp"] = {"measures": [["crm", "Eight"]]}
    assert problems(eight) == []
    eight["atp"] = {"measures": [["crm", "Nine"]]}
    assert [where for where, _ in problems(eight)] == ["atp.measures"]


def _terms(count: int) -> list[list[str]]:
    names = DEFAULT["data_sources"]["fno"]["physical_measures"][:count]
    return [["Addition", "fno", name] for name in names]


def test_a_parsed_configuration_is_in_lower_case() -> None:
    found = parse(InventoryConfigurationBody.model_validate(changed(own_organization="USMF")))
    assert found.own_organization == "usmf"
    assert found.sources["pos"].dimensions["poscolorid"] == "colorid"
    assert found.sources["pos"].physical == {"posinbound", "posoutbound", "inbound", "outbound"}
    assert not found.sources["pos"].read_only
    assert found.sources["fno"].read_only
    assert found.index_sets == (("colorid", "sizeid", "styleid"),)
    assert found.hierarchy == ("siteid", "locationid", "colorid", "sizeid")
    assert found.allocation_groups == ("channel", "customerGroup", "region", "orderType")
    assert found.atp_measures == (("iv", "availabletopromise"),)
    assert found.atp_days == 30
    assert found.by_location


def test_the_formula_is_that_of_the_checked_measure_without_soft_reservations() -> None:
    found = parse(InventoryConfigurationBody.model_validate(DEFAULT))
    assert found.reservation == {
        ("iv", "softreservphysical"): ("iv", "availabletoreserve"),
        ("iv", "softreservordered"): ("iv", "availabletoreserve"),
    }
    assert found.formula.reservations == set(found.reservation)
    assert found.supply[("iom", "onhand")] == 1
    assert found.supply[("pos", "posoutbound")] == -1
    assert ("iv", "softreservordered") not in found.supply
    assert found.calculated[("iv", "availabletoreserve")][("iv", "softreservordered")] == -1


def test_without_a_mapping_nothing_may_be_reserved() -> None:
    found = parse(InventoryConfigurationBody.model_validate(changed(reservation_mapping=[])))
    assert found.supply == {}
    assert found.formula.reservations == frozenset()


def test_organizations_and_sites_are_looked_up() -> None:
    body = changed(own_organization="USMF", sites={"SEA": "1"}, partition="product")
    found = parse(InventoryConfigurationBody.model_validate(body))
    assert found.organization("usMF") == ""
    assert found.organization("Other") == "Other"
    assert (found.site_of("SEA"), found.site_of("CHI")) == ("1", "CHI")
    assert not found.by_location


def test_an_index_set_serves_groupings_that_it_begins_with() -> None:
    sets = [["Empty"], ["ColorId", "SizeId"], ["SizeId", "StyleId", "ColorId"]]
    found = parse(InventoryConfigurationBody.model_validate(changed(index_sets=sets)))
    assert found.index_of([]) == ()
    assert found.index_of(["siteid", "locationid"]) == ()
    assert found.index_of(["colorid"]) == ("colorid", "sizeid")
    assert found.index_of(["sizeid", "colorid", "siteid"]) == ("colorid", "sizeid")
    assert found.index_of(["styleid", "sizeid"]) == ("sizeid", "styleid", "colorid")
    assert found.index_of(["styleid"]) is None
