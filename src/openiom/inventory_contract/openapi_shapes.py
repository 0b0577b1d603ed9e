"""OpenAPI schemas of the contract's request bodies, whose names are case-insensitive."""

from typing import Any

_TEXT = {"type": "string"}
_NUMBER = {"type": "number"}
_TEXTS = {"type": "array", "items": _TEXT}
_DIMENSIONS = {
    "type": "object",
    "additionalProperties": _TEXT,
    "example": {"siteId": "1", "locationId": "11"},
}
_QUANTITIES = {
    "type": "object",
    "additionalProperties": {"type": "object", "additionalProperties": _NUMBER},
    "example": {"iom": {"onhand": 5}},
}


def _record(required: str, **fields: Any) -> dict[str, Any]:
    named = {
        "id": _TEXT,
        "organizationId": _TEXT,
        "productId": _TEXT,
        "dimensions": _DIMENSIONS,
        **fields,
    }
    return {"type": "object", "required": required.split(), "properties": named}


CHANGE = _record(
    "id organizationId productId quantities", dimensionDataSource=_TEXT, quantities=_QUANTITIES
)
SET = _record(
    "id organizationId productId quantities",
    dimensionDataSource=_TEXT,
    quantities=_QUANTITIES,
    modifiedDateTimeUTC={"type": "string", "format": "date-time"},
)
RESERVE = _record(
    "id organizationId productId",
    dimensionDataSource=_TEXT,
    quantityDataSource=_TEXT,
    modifier=_TEXT,
    quantity=_NUMBER,
    quantities=_QUANTITIES,
    ifCheckAvailForReserv={"type": "boolean", "default": True},
)
UNRESERVE = _record("id organizationId productId OffsetQty", reservationId=_TEXT, OffsetQty=_NUMBER)
ADJUSTMENT = _record(
    "id organizationId productId quantityDataSource physicalMeasure quantity",
    quantityDataSource=_TEXT,
    physicalMeasure=_TEXT,
    quantity=_NUMBER,
    externalReferenceCategory=_TEXT,
    externalReferenceId=_TEXT,
    fnoJournalNameId=_TEXT,
    costPrice=_NUMBER,
    transDate={"type": "string", "format": "date"},
)
LOG = _record("organizationId UtcFromDate UtcToDate", UtcFromDate=_TEXT, UtcToDate=_TEXT)
QUERY = {
    "type": "object",
    "required": ["filters"],
    "properties": {
        "dimensionDataSource": _TEXT,
        "filters": {
            "type": "object",
            "description": "organizationId, productId, dimensions, or tuples",
        },
        "groupByValues": _TEXTS,
        "returnNegative": {"type": "boolean", "default": False},
        "QueryATP": {"type": "boolean", "default": False},
        "ATPFromDate": _TEXT,
        "ATPToDate": _TEXT,
        "productSearch": {"type": "object"},
    },
}
SOURCES = _TEXTS


def body_of(schema: dict[str, Any], *, many: bool = False) -> dict[str, Any]:
    """Return the OpenAPI description of a body that a route parses itself."""
    shown = {"type": "array", "minItems": 1, "maxItems": 512, "items": schema} if many else schema
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": shown}}}}
