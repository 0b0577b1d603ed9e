"""What the inventory pages call source systems, measures and dimensions."""

from decimal import Decimal
from typing import Any

from tests.inventory_visibility.builders import NOW, configured

from openiom.inventory_visibility import MeasureChange, post_measures
from openiom.inventory_visibility.availability.display_schema import (
    DimensionName,
    FormulaTerm,
    MeasureName,
    Shape,
    SourceSystem,
    display_schema,
)
from openiom.inventory_visibility.default_configuration import DEFAULT
from openiom.platform.database import Database


def schema(database: Database, **changes: Any) -> Shape:
    configured(database, ("inventory_configuration", "default", {**DEFAULT, **changes}))
    with database.reading() as session:
        return display_schema(session)


def post(database: Database, *organizations: str) -> None:
    changes = []
    for organization in organizations:
        quantities = {("iom", "onhand"): Decimal(1)}
        changes.append(MeasureChange(organization, "LAMP", "SEA", quantities))
    with database.unit_of_work() as session:
        post_measures(session, changes, now=NOW, actor="erp", cause="api")


def test_measures_have_a_key_in_lower_case_and_their_title_as_configured(
    database: Database,
) -> None:
    found = schema(database)
    pos = next(system for system in found.systems if system.name == "pos")
    assert pos == SourceSystem(
        name="pos",
        title="pos",
        read_only=False,
        measures=[
            MeasureName(name="posinbound", title="PosInbound", terms=[]),
            MeasureName(name="posoutbound", title="PosOutbound", terms=[]),
            MeasureName(name="inbound", title="Inbound", terms=[]),
            MeasureName(name="outbound", title="Outbound", terms=[]),
            MeasureName(
                name="availquantity",
                title="AvailQuantity",
                terms=[
                    FormulaTerm(sign="+", data_source="fno", measure="availphysical"),
                    FormulaTerm(sign="+", data_source="pos", measure="posinbound"),
                    FormulaTerm(sign="-", data_source="pos", measure="posoutbound"),
                ],
            ),
        ],
    )
    assert [system.name for system in found.systems if system.read_only] == ["fno"]


def test_dimensions_are_those_of_the_hierarchy_then_of_the_index_sets_without_the_location(
    database: Database,
) -> None:
    assert schema(database).dimensions == [
        DimensionName(name="siteid", title="SiteId"),
        DimensionName(name="colorid", title="ColorId"),
        DimensionName(name="sizeid", title="SizeId"),
        DimensionName(name="styleid", title="StyleId"),
    ]


def test_the_first_title_of_a_dimension_is_shown_and_empty_sets_name_none(
    database: Database,
) -> None:
    found = schema(
        database,
        index_sets=[["Empty"], ["COLORID", "StyleId"]],
        reservation_hierarchy=["SiteId", "LocationId", "ColorId"],
    )
    assert [one.title for one in found.dimensions] == ["SiteId", "ColorId", "StyleId"]


def test_settings_of_the_configuration_are_shown(database: Database) -> None:
    found = schema(database, own_organization="USMF")
    assert found.own_organization == "USMF"
    assert found.allocation_groups == ["channel", "customerGroup", "region", "orderType"]
    assert found.atp_days == 30
    assert found.reservable == ["iv", "availabletoreserve"]


def test_organizations_are_those_with_stock_in_the_order_of_their_names(
    database: Database,
) -> None:
    post(database, "usmf", "", "demf", "usmf")
    assert schema(database).organizations == ["", "demf", "usmf"]


def test_without_stock_there_is_no_organization(database: Database) -> None:
    assert schema(database).organizations == []
