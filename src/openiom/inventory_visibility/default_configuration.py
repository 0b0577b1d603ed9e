"""The inventory configuration this product ships with, used until somebody applies a document of their own."""

from typing import Any

OWN_ORGANIZATION = "main"

_SUPPLY = "+fno.PhysicalInvent +iom.OnHand +erp.Unrestricted +erp.QualityInspection +pos.PosInbound +pos.Inbound"
_LEFT = "-pos.PosOutbound -pos.Outbound"
_COMING = "+fno.Ordered +fno.Arrived +iv.Ordered"
_HARD = "fno.ReservPhysical fno.ReservOrdered iv.ReservPhysical iv.ReservOrdered"
_SOFT = "iv.SoftReservPhysical iv.SoftReservOrdered"


def _terms(formula: str) -> list[list[str]]:
    """'+fno.Ordered -pos.Outbound' as the terms of a calculated measure."""
    signs = {"+": "Addition", "-": "Subtraction"}
    return [[signs[term[0]], *term[1:].split(".")] for term in formula.split()]


def _signed(sign: str, measures: str) -> str:
    return " ".join(sign + measure for measure in measures.split())


_AVAILABLE_TO_RESERVE = f"{_SUPPLY} {_COMING} {_signed('-', _HARD)} {_signed('-', _SOFT)} {_LEFT}"
_IV = {
    "OrderedTotal": "+fno.Ordered +fno.Arrived +iv.Ordered",
    "OnHand": f"{_SUPPLY} {_LEFT}",
    "ReservedTotal": f"{_signed('+', _HARD)} {_signed('+', _SOFT)}",
    "SoftReserved": _signed("+", _SOFT),
    "HardReserved": _signed("+", _HARD),
    "OpenOrder": "+fno.OnOrder +iom.OnOrder",
    "OnHandAvailable": f"{_SUPPLY} -fno.ReservPhysical -iv.SoftReservPhysical {_LEFT}",
    "AvailableToReserve": _AVAILABLE_TO_RESERVE,
    "InventorySupply": f"{_COMING} {_SUPPLY} {_LEFT}",
    "InventoryDemand": f"+fno.OnOrder +iom.OnOrder {_signed('+', _SOFT)} {_signed('+', _HARD)}",
    # Fewer than nine measures may be dated; these are the ones whose change a planner can date.
    "AvailableToPromise": "+fno.PhysicalInvent +iom.OnHand +erp.Unrestricted +pos.Inbound -pos.Outbound +iv.Ordered "
    + _signed("-", _SOFT),
}
_FNO_DIMENSIONS = {
    **{
        f"Invent{name}Id": f"{name}Id"
        for name in ("Batch", "Color", "Location", "Serial", "Site", "Size")
    },
    **{f"Invent{name}Id": f"{name}Id" for name in ("Status", "Style", "Version")},
    **{name: name for name in ("LicensePlateId", "WMSLocationId", "WMSPalletId", "ConfigId")},
    **{f"InventDimension{n}": f"CustomDimension{n}" for n in range(1, 13)},
}
_FNO_MEASURES = (
    "Arrived PhysicalInvent ReservPhysical OnOrder NotSpecified AvailOrdered AvailPhysical Picked PostedQty"
    " QuotationReceipt Received Ordered ReservOrdered"
)
_POS_DIMENSIONS = {
    **{f"Pos{name}Id": f"{name}Id" for name in ("Site", "Location", "Color", "Size", "Style")},
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
            "calculated_measures": {name: _terms(formula) for name, formula in _IV.items()},
        },
        "fno": {
            "dimension_mapping": _FNO_DIMENSIONS,
            "physical_measures": _FNO_MEASURES.split(),
            "read_only": True,
        },
        "pos": {
            "dimension_mapping": _POS_DIMENSIONS,
            "physical_measures": ["PosInbound", "PosOutbound", "Inbound", "Outbound"],
            "calculated_measures": {
                "AvailQuantity": _terms("+fno.AvailPhysical +pos.PosInbound -pos.PosOutbound")
            },
        },
        "iom": {"physical_measures": ["OnOrder", "OnHand"]},
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
