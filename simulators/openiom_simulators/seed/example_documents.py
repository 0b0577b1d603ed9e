"""Configuration, stock and supply of the examples: what an order manager finds set up."""

from datetime import date, timedelta
from typing import Any

from .company import SOURCES

AWAITED, ANNOUNCED, SOLE, REFILLED = "TPOT-COP-01", "BLNK-WOO-01", "MIRR-OAK-01", "CHAIR-OAK-01"
"""Products: out of stock and on order; the same, sooner; at one source only; in a transfer."""
CONTESTED = "LAMP-COP-01"
"""A product that more orders of the batch want than sources near them have."""
SOLE_SOURCE = "LAX"
CONTESTED_STOCK = {"SEA": 2, "CHI": 1, "DAL": 2, "NYC": 0, "ATL": 60, "LAX": 0}
BATCH_STRATEGY = "evening-batch"
BATCH_MINUTES = 0.05
QUIET_BATCH_MINUTES = 30.0


def example_configuration() -> list[dict[str, Any]]:
    """Return the documents of the examples: backorders, sourcing rules and a batch strategy."""
    return [
        _document("order_preferences", "default", backorder=True, backorder_sla_days=30),
        _document("source_list", "west", title="West of the Rockies", sources=["SEA", "LAX"]),
        _document("source_list", "stores", title="Stores that ship", sources=["SEA", "CHI", "NYC"]),
        _document(
            "constraint",
            "keep-two-in-stores",
            title="Stores keep two of a product for walk-in customers",
            type="safety_stock",
            hard=False,
            penalty=6,
            entries=[{"source_list": "stores", "units": 2}],
        ),
        _document(
            "rate_table",
            "contract-rates",
            title="Contract rates of the parcel carrier",
            currency="USD",
            zones=[{"name": "near", "up_to_km": 600}, {"name": "far"}],
            prices=[
                {"zone": "near", "up_to_kg": 5, "price": 6.4},
                {"zone": "near", "up_to_kg": 30, "price": 11.9},
                {"zone": "far", "up_to_kg": 5, "price": 9.8},
                {"zone": "far", "up_to_kg": 30, "price": 21.5},
            ],
            per_kg_beyond=0.7,
        ),
        batch_strategy(is_default=False),
    ]


def batch_strategy(*, is_default: bool) -> dict[str, Any]:
    """Return the strategy that plans orders together; as the default, its window is short."""
    minutes = BATCH_MINUTES if is_default else QUIET_BATCH_MINUTES
    return _document(
        "strategy",
        BATCH_STRATEGY,
        title="Evening batch: plan orders together",
        is_default=is_default,
        allow_partial=True,
        rate_table="contract-rates",
        constraints=["keep-two-in-stores"],
        batch={"enabled": True, "minutes": minutes, "seconds": 3},
    )


def example_stock() -> list[dict[str, Any]]:
    """Return the counted stock of the products that the examples are about."""
    stock: dict[str, dict[str, int]] = {
        AWAITED: {},
        ANNOUNCED: {},
        SOLE: {SOLE_SOURCE: 3},
        CONTESTED: CONTESTED_STOCK,
    }
    counts: list[dict[str, Any]] = []
    for product, units in stock.items():
        counts += [_count(product, source, units.get(source, 0)) for source in SOURCES]

    return counts


def example_allocations() -> list[dict[str, Any]]:
    """Return units that are reserved for a group of customers."""
    common = {"kind": "allocate", "groups": ["wholesale"]}
    return [
        {**common, "id": "wholesale-1", **_count("MUG-CER-01", "SEA", 12)},
        {**common, "id": "wholesale-2", **_count("TRAY-BAM-01", "CHI", 6)},
    ]


def measures_of_the_stores() -> list[dict[str, Any]]:
    """Return what the point-of-sale system of the stores reports of a product."""
    records: list[dict[str, Any]] = []
    for source, inbound in (("SEA", 7), ("NYC", 3)):
        records.append(
            {
                "id": f"pos-{source}",
                "organizationId": "main",
                "productId": "MUG-CER-01",
                "dimensionDataSource": "pos",
                "dimensions": {"siteId": source, "locationId": source},
                "quantities": {"pos": {"inbound": inbound}},
            }
        )

    return records


def example_simulation(today: date) -> dict[str, Any]:
    """Return a simulation of the orders of today without one of the stores."""
    return {
        "name": "Close the Chicago store",
        "description": "What would the orders of today cost without the Chicago store?",
        "demand": {"kind": "past", "from": str(today), "to": str(today)},
        "changes": {"closed_sources": ["CHI"]},
        "runs": 5,
    }


def example_supply(today: date) -> list[dict[str, Any]]:
    """Return purchase and transfer orders, of which one is overdue."""
    return [
        _supply("purchase", "PO-2037", AWAITED, "DAL", units=40, day=today - timedelta(days=2)),
        _supply("purchase", "PO-2041", AWAITED, "ATL", units=120, day=today + timedelta(days=6)),
        _supply("purchase", "PO-2042", ANNOUNCED, "SEA", units=60, day=today + timedelta(days=3)),
        _supply(
            "transfer",
            "TO-0118",
            REFILLED,
            "NYC",
            units=12,
            day=today + timedelta(days=4),
            origin="CHI",
            ship_date=str(today + timedelta(days=1)),
        ),
    ]


def _supply(
    kind: str, number: str, product: str, source: str, *, units: int, day: date, **more: Any
) -> dict[str, Any]:
    line = {
        "line_number": 1,
        "product": product,
        "source": source,
        "quantity": str(units),
        "expected_date": str(day),
        "confidence": 0.9,
        **more,
    }
    return {"kind": kind, "number": number, "lines": [line]}


def _document(kind: str, name: str, **body: Any) -> dict[str, Any]:
    return {"kind": kind, "name": name, "body": body}


def _count(product: str, source: str, units: int) -> dict[str, Any]:
    return {"product": product, "source": source, "quantity": str(units)}
