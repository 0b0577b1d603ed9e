"""A snapshot made of documents alone, so that a scenario needs no row of the database."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.constraints import ConstraintBody
from openiom.fulfillment_optimization.documents import RateTableBody, SourceBody, StrategyBody
from openiom.fulfillment_optimization.snapshot import CONFIGURATION_KINDS, PlanningSource, Snapshot
from openiom.logistics.timetable import read_timetable
from openiom.master_data import COMPANY, accounting_currency
from openiom.platform.configuration import ConfigurationDocument
from openiom.platform.geocoding import geocode

from .changes import Bodies, default_strategy


def read_documents(session: Session) -> dict[str, dict[str, dict[str, Any]]]:
    """Every document in use that sourcing reads, in the order they were written."""
    table = ConfigurationDocument
    query = select(table.kind, table.name, table.body).where(
        table.kind.in_(CONFIGURATION_KINDS), table.current, ~table.deleted
    )
    bodies: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in CONFIGURATION_KINDS}
    for kind, name, body in session.execute(query.order_by(table.id)):
        bodies[kind][name] = body
    return bodies


def network_of(bodies: Bodies) -> Snapshot:
    """What `snapshot` would read if these were the documents in use."""

    def of(kind: str) -> dict[str, dict[str, Any]]:
        return dict(bodies.get(kind, {}))

    sites = [
        _site(name, SourceBody.model_validate(body)) for name, body in sorted(of("source").items())
    ]
    return Snapshot(
        sources=tuple(site for site in sites if site.body.active),
        lists={name: frozenset(body["sources"]) for name, body in of("source_list").items()},
        strategies={
            name: StrategyBody.model_validate(body) for name, body in of("strategy").items()
        },
        constraints={
            name: ConstraintBody.model_validate(body).root
            for name, body in of("constraint").items()
        },
        rates={name: RateTableBody.model_validate(body) for name, body in of("rate_table").items()},
        timetable=read_timetable(bodies),
        default=default_strategy(bodies),
        currency=accounting_currency(of(COMPANY)),
    )


def _site(name: str, body: SourceBody) -> PlanningSource:
    address = body.address.model_dump()
    latitude, longitude = geocode(address) or (0.0, 0.0)
    return PlanningSource(
        name,
        body.type,
        latitude,
        longitude,
        address,
        body.processing_days,
        body.daily_parcels,
        body.time_zone,
        body.model_dump(mode="json"),
        body,
    )
