"""The inventory configuration that is shipped and used until another document is applied."""

from typing import Any

OWN_ORGANIZATION = "main"


def _terms(formula: str) -> list[list[str]]:
    """Return '+fno.Ordered -pos.Outbound' as the terms of a calculated measure."""
    terms = []
    for term in formula.split():
        operation = "Addition" if term[0] == "+" else "Subtraction"
        data_source, measure = term[1:].split(".")
        terms.append([operation, data_source, measure])
    return terms


def _subtracted(formula: str) -> str:
    return formula.replace("+", "-")


_SUPPLY = (
    "+fno.PhysicalInvent +iom.OnHand +erp.Unrestricted +erp.QualityInspection"
    " +pos.PosInbound +pos.Inbound"
)
_OUTBOUND = "-pos.PosOutbound -pos.Outbound"
_ORDERED = "+fno.Ordered +fno.Arrived +iv.Ordered"
_HARD = "+fno.ReservPhysical +fno.ReservOrdered +iv.ReservPhysical +iv.ReservOrdered"
_SOFT = "+iv.SoftReservPhysical +iv.SoftReservOrdered"
_AVAILABLE_TO_RESERVE = (
    f"{_SUPPLY} {_ORDERED} {_subtracted(_HARD)} {_subtracted(_SOFT)} {_OUTBOUND}"
)
_IV_CALCULATED = {
    "OrderedTotal": _terms(_ORDERED),
    "OnHand": _terms(f"{_SUPPLY} {_OUTBOUND}"),
    "ReservedTotal": _terms(f"{_HARD} {_SOFT}"),
    "SoftReserved": _terms(_SOFT),
    "HardReserved": _terms(_HARD),
    "OpenOrder": _terms("+fno.OnOrder +iom.OnOrder"),
    "OnHandAvailable": _terms(f"{_SUPPLY} -fno.ReservPhysical -iv.SoftReservPhysical {_OUTBOUND}"),
    "AvailableToReserve": _terms(_AVAILABLE_TO_RESERVE),
    "InventorySupply": _terms(f"{_ORDERED} {_SUPPLY} {_OUTBOUND}"),
    "InventoryDemand": _terms(f"+fno.OnOrder +iom.OnOrder {_SOFT} {_HARD}"),
    # At most eight measures may be dated; these are the ones whose change a planner can date.
    "AvailableToPromise": _terms(
        "+fno.PhysicalInvent +iom.OnHand +erp.Unrestricted +pos.Inbound -pos.Outbound"
        f" +iv.Ordered {_subtracted(_SOFT)}"
    ),
}
_FNO_DIMENSIONS = {
    "InventBatchId": "BatchId",
    "InventColorId": "ColorId",
    "InventLocationId": "LocationId",
    "InventSerialId": "SerialId",
    "InventSiteId": "SiteId",
    "InventSizeId": "SizeId",
    "InventStatusId": "StatusId",
    "InventStyleId": "StyleId",
    "InventVersionId": "VersionId",
    "LicensePlateId": "LicensePlateId",
    "WMSLocationId": "WMSLocationId",
    "WMSPalletId": "WMSPalletId",
    "ConfigId": "ConfigId",
}
for _number in range(1, 13):
    _FNO_DIMENSIONS[f"InventDimension{_number}"] = f"CustomDimension{_number}"
_FNO_MEASURES = [
    "Arrived",
    "PhysicalInvent",
    "ReservPhysical",
    "OnOrder",
    "NotSpecified",
    "AvailOrdered",
    "AvailPhysical",
    "Picked",
    "PostedQty",
    "QuotationReceipt",
    "Received",
    "Ordered",
    "ReservOrdered",
]
_POS_DIMENSIONS = {
    "PosSiteId": "SiteId",
    "PosLocationId": "LocationId",
    "PosColorId": "ColorId",
    "PosSizeId": "SizeId",
    "PosStyleId": "StyleId",
    "PosMachineId": "ExtendedDimension1",
}

DEFAULT: dict[str, Any] = {
    "own_organization": OWN_ORGANIZATION,
    "data_sources": {
        "iv": {
            "physical_measures": [
                "Ordered",
                "SoftReservPhysical",
                "SoftReservOrdered",
                "ReservOrdered",
                "ReservPhysical",
            ],
            "calculated_measures": _IV_CALCULATED,
        },
        "fno": {
            "dimension_mapping": _FNO_DIMENSIONS,
            "physical_measures": _FNO_MEASURES,
            "read_only": True,
        },
        "pos": {
            "dimension_mapping": _POS_DIMENSIONS,
            "physical_measures": ["PosInbound", "PosOutbound", "Inbound", "Outbound"],
            "calculated_measures": {
                "AvailQuantity": _terms("+fno.AvailPhysical +pos.PosInbound -pos.PosOutbound")
            },
        },
        "iom": {
            "physical_measures": [
                "OnOrder",
                "OnHand",
                "Refurbishment",
                "Scrapped",
                "VendorReturn",
            ]
        },
        "erp": {"physical_measures": ["Unrestricted", "QualityInspection"]},
        "@iv": {
            "physical_measures": [
                "@allocated",
                "@cumulative_allocated",
                "@consumed",
                "@cumulative_consumed",
            ],
            "calculated_measures": {
                "@available_to_allocate": _terms(f"{_AVAILABLE_TO_RESERVE} -@iv.@allocated")
            },
        },
    },
    "partition": "location",
    "index_sets": [["ColorId", "SizeId", "StyleId"]],
    "reservation_mapping": [
        ["iv", "SoftReservPhysical", "iv", "AvailableToReserve"],
        ["iv", "SoftReservOrdered", "iv", "AvailableToReserve"],
    ],
    "reservation_hierarchy": ["SiteId", "LocationId", "ColorId", "SizeId"],
    "allocation_groups": ["channel", "customerGroup", "region", "orderType"],
    "atp": {"measures": [["iv", "AvailableToPromise"]], "days": 30},
}
