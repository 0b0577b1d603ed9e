"""A record of a bulk is read as if it had come alone, whatever it shares with the others."""

from decimal import Decimal
from typing import Any

import pytest

from openiom.inventory_contract.body_parser import quantities_of, stock_name, text
from openiom.inventory_contract.changes import ChangeReader, OnHandChange
from openiom.inventory_visibility.configuration import InventoryConfigurationBody, parse
from openiom.inventory_visibility.default_configuration import DEFAULT
from openiom.kernel import Invalid, IomError

CONFIGURATION = parse(
    InventoryConfigurationBody.model_validate({**DEFAULT, "own_organization": "usmf"})
)
PLACE = {"siteId": "1", "locationId": "11"}
RECORD: dict[str, Any] = {
    "id": "e1",
    "organizationid": "usmf",
    "productid": "LAMP",
    "dimensions": PLACE,
    "quantities": {"pos": {"PosInbound": 1}},
}
VARIATIONS: tuple[dict[str, Any], ...] = (
    {},
    {"productid": " DESK "},
    {"productid": ""},
    {"productid": None, "quantities": {"pos": {"PosInbound": "1"}}},
    {"id": " "},
    {"id": 7},
    {"organizationid": "USMF"},
    {"organizationid": "other"},
    {"organizationid": ["usmf"]},
    {"dimensiondatasource": "pos"},
    {"dimensiondatasource": "nowhere"},
    {"dimensiondatasource": None},
    {"dimensions": {"siteId": 1, "locationId": "11"}},
    {"dimensions": {"siteId": True, "locationId": "11"}},
    {"dimensions": {"siteId": "1", "locationId": "11", "colorId": ""}},
    {"dimensions": {"siteId": "1", "locationId": "11\0"}},
    {"dimensions": {"siteId": "1", "SITEID": "2", "locationId": "11"}},
    {"dimensions": {"locationId": "1", "siteId": "11"}},
    {"dimensions": {"siteId": "1"}},
    {"dimensions": []},
    {"quantities": {"POS": {"posinbound": 2.5}}},
    {"quantities": {"pos": {"PosInbound": 0.00001}}},
    {"quantities": {"pos": {"PosInbound": True}}},
    {"quantities": {"pos": {"PosInbound": 10**13}}},
    {"quantities": {"pos": {"PosInbound": 10**13 - 1}}},
    {"quantities": {"pos": {"PosInbound": -(10**13) + 1, "PosOutbound": 2}}},
    {"quantities": {"pos": {"PosInbound": 1, "PosOutbound": "x"}}},
    {"quantities": {"pos": {"PosInbound": 1, "posinbound": 1}}},
    {"quantities": {"pos": {}}},
    {"quantities": {"pos": {"Unknown": 1}}},
    {"quantities": {"pos": 1}},
    {"quantities": []},
    {"quantities": None},
)


def read_alone(record: dict[str, Any]) -> OnHandChange:
    return OnHandChange(
        text(record, "id"),
        stock_name(record, CONFIGURATION),
        quantities_of(record.get("quantities"), CONFIGURATION),
    )


def outcome(read: Any, record: dict[str, Any]) -> object:
    """What was read, or where and why and with which remedy it was refused."""
    try:
        found = read(record)
    except IomError as error:
        return type(error), error.where, error.what, error.remedy
    return found, [type(quantity) for quantity in found.quantities.values()]


def test_records_of_a_bulk_are_read_as_if_each_had_come_alone() -> None:
    records = [{**RECORD, **changed} for changed in VARIATIONS]
    expected = [outcome(read_alone, record) for record in records]
    for order in (1, -1):
        read = ChangeReader(CONFIGURATION).read_change
        found = [outcome(read, record) for record in (records * 2)[::order]]
        assert found == (expected * 2)[::order]

    assert len({str(one) for one in expected}) > 20  # the variations differ


def test_the_stock_of_one_record_is_not_that_of_the_next() -> None:
    read = ChangeReader(CONFIGURATION).read_change
    lamp, desk = read(RECORD), read({**RECORD, "id": "e2", "productid": "DESK"})

    assert (lamp.name.product, desk.name.product) == ("LAMP", "DESK")
    assert (lamp.name.source, desk.name.source) == ("11", "11")
    assert desk.quantities == {("pos", "posinbound"): Decimal(1)}


def test_a_set_of_a_bulk_names_the_quantity_of_another_system() -> None:
    reader = ChangeReader(CONFIGURATION)
    assert reader.read_set(RECORD, "POS").quantities == {("pos", "posinbound"): Decimal(1)}
    with pytest.raises(Invalid) as refused:
        reader.read_set(RECORD, "erp")
    assert refused.value.where == "quantities.pos"
    assert refused.value.what == "pos quantities cannot be set by erp"
