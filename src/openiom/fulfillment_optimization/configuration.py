"""What planners configure: sources, source lists and strategies."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from openiom.documents import AddressDocument
from openiom.kernel import NotFound, Problem
from openiom.platform.configuration import Document, DocumentKind, current_documents
from openiom.platform.places import locate

from .models import Source

DEFAULT_STRATEGY = "default"


class SourceBody(BaseModel):
    """A fulfillment source: a warehouse, a store, a 3PL, a drop-ship vendor or a virtual site."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    type: Literal["warehouse", "store", "3pl", "drop_ship_vendor", "virtual"] = "warehouse"
    active: bool = True
    address: AddressDocument
    processing_days: int = Field(1, ge=0, le=365, description="Average working days from order to handover")
    daily_parcels: int | None = Field(None, ge=0, description="Parcels a day; empty is without limit")
    time_zone: str = "UTC"


class SourceListBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    sources: list[str] = Field(min_length=1)


class CostWeights(BaseModel):
    """Money the optimizer counts with, in the currency of the environment; all per parcel, line or kilometre."""

    model_config = ConfigDict(extra="forbid")

    parcel: float = Field(6.0, ge=0, description="Opening a parcel: label, packing")
    per_100_km: float = Field(0.35, ge=0, description="Carriage of a parcel, each 100 km great circle")
    line: float = Field(0.4, ge=0, description="Picking one line")
    unit: float = Field(0.05, ge=0, description="Handling one unit")
    split: float = Field(4.0, ge=0, description="Each parcel of an order after the first")
    open_line: float = Field(500.0, gt=0, description="Leaving a line without a source")
    unknown_distance_km: float = Field(4000.0, ge=0, description="Counted when an address cannot be placed")


class StrategyBody(BaseModel):
    """How orders are sourced."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    source_list: str | None = Field(None, description="Sources to choose from; empty is every active one")
    allow_partial: bool = Field(False, description="Source what can be sourced, or all lines or none")
    max_sources_per_order: int | None = Field(None, ge=1)
    maximum_distance_km: float | None = Field(None, gt=0)
    same_country_only: bool = False
    weights: CostWeights = CostWeights()


def _apply_sources(session: Session, documents: Sequence[Document]) -> None:
    rows = [_source_row(d) for d in documents]
    upsert = insert(Source)
    columns = {c: upsert.excluded[c] for c in rows[0] if c != "name"}
    session.execute(upsert.on_conflict_do_update(index_elements=["name"], set_=columns), rows)


def _source_row(document: Document) -> dict[str, Any]:
    body = SourceBody.model_validate(document.body)
    point = locate(body.address.model_dump()) or (0.0, 0.0)
    return {
        "name": document.name,
        "title": body.title,
        "type": body.type,
        "active": body.active,
        "latitude": point[0],
        "longitude": point[1],
        "address": body.address.model_dump(),
        "processing_days": body.processing_days,
        "daily_parcels": body.daily_parcels,
        "time_zone": body.time_zone,
    }


def _check_source(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    if locate(body["address"]) is None:
        return [Problem("address", "cannot be placed on the map", "give a country, or latitude and longitude")]
    return []


def _remove_sources(session: Session, names: Sequence[str]) -> None:
    session.execute(delete(Source).where(Source.name.in_(names)))


def _check_list(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    known = set(session.scalars(select(Source.name).where(Source.name.in_(body["sources"]))))
    return [Problem("sources", f"no source named {s}", "create it first") for s in body["sources"] if s not in known]


def _check_strategy(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    wanted = body.get("source_list")
    if wanted and not current_documents(session, "source_list", names=[wanted]):
        return [Problem("source_list", f"no source list named {wanted}", "create it first")]
    return []


KINDS = (
    DocumentKind("source", SourceBody, 20, check=_check_source, applied=_apply_sources, removed=_remove_sources),
    DocumentKind("source_list", SourceListBody, 22, check=_check_list),
    DocumentKind("strategy", StrategyBody, 48, check=_check_strategy),
)


def strategy_named(session: Session, name: str) -> StrategyBody:
    """The strategy, or the built-in one when `default` was never written. Raises NotFound."""
    found = current_documents(session, "strategy", names=[name])
    if found:
        return StrategyBody.model_validate(found[0].body)
    if name == DEFAULT_STRATEGY:
        return StrategyBody(title="Lowest cost from any active source")
    raise NotFound(f"no strategy named {name}", remedy="create it, or leave the strategy empty")


def sources_of(session: Session, strategy: StrategyBody) -> list[Source]:
    """The active sources a strategy may use, by name."""
    query = select(Source).where(Source.active).order_by(Source.name)
    if strategy.source_list:
        members = current_documents(session, "source_list", names=[strategy.source_list])[0].body["sources"]
        query = query.where(Source.name.in_(members))
    return list(session.scalars(query))
