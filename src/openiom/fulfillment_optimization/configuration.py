"""What planners configure, and how it is read: sources, lists, rate tables, constraints and strategies."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from openiom.kernel import NotFound, Problem
from openiom.master_data import COMPANY, accounting_currency
from openiom.platform.bulk import fetch
from openiom.platform.configuration import Document, DocumentKind, current_documents
from openiom.platform.geocoding import geocode

from .constraints import ConstraintBody
from .documents import (
    Batch,
    CostWeights,
    OrderHandlingBody,
    RateTableBody,
    SourceBody,
    SourceListBody,
    StrategyBody,
)
from .models import Source

__all__ = [
    "BUILT_IN",
    "DEFAULT_STRATEGY",
    "KINDS",
    "CostWeights",
    "RateTableBody",
    "SourceBody",
    "SourceListBody",
    "StrategyBody",
    "sources_of",
    "strategy_named",
]

DEFAULT_STRATEGY = "default"
BUILT_IN = StrategyBody(title="Lowest cost from any active source", batch=Batch(contention=None))


def _apply_sources(session: Session, documents: Sequence[Document]) -> None:
    rows = [_source_row(d) for d in documents]
    upsert = insert(Source)
    columns = {c: upsert.excluded[c] for c in rows[0] if c != "name"}
    session.execute(upsert.on_conflict_do_update(index_elements=["name"], set_=columns), rows)


def _source_row(document: Document) -> dict[str, Any]:
    body = SourceBody.model_validate(document.body)
    point = geocode(body.address.model_dump()) or (0.0, 0.0)
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
        "settings": body.model_dump(mode="json"),
    }


def _check_source(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    if geocode(body["address"]) is None:
        return [
            Problem(
                "address",
                "cannot be placed on the map",
                "give a country, or latitude and longitude",
            )
        ]
    return []


def _remove_sources(session: Session, names: Sequence[str]) -> None:
    session.execute(delete(Source).where(Source.name.in_(names)))


def _check_list(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    known = set(session.scalars(select(Source.name).where(Source.name.in_(body["sources"]))))
    return [
        Problem("sources", f"no source named {s}", "create it first")
        for s in body["sources"]
        if s not in known
    ]


def _check_handling(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    if name == DEFAULT_STRATEGY:
        return []
    return [
        Problem(
            "name",
            f"there is one order handling preference, named {DEFAULT_STRATEGY}",
            "use that name",
        )
    ]


def _check_constraint(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    entries = body.get("entries") or []
    sources = {e["source"] for e in entries if e.get("source")}
    lists = [e["source_list"] for e in entries if e.get("source_list")]
    known = (
        set(session.scalars(select(Source.name).where(Source.name.in_(sources))))
        if sources
        else set()
    )
    unknown = [f"no source named {s}" for s in sorted(sources - known)]
    unknown += [f"no source list named {x}" for x in _missing(session, "source_list", lists)]
    return [Problem("entries", what, "create it first") for what in unknown]


def _check_strategy(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    wanted = [
        ("source_list", "source_list", [body.get("source_list")]),
        ("rate_table", "rate_table", [body.get("rate_table")]),
        ("constraints", "constraint", body.get("constraints") or []),
    ]
    problems = [
        Problem(field, f"no {kind.replace('_', ' ')} named {x}", "create it first")
        for field, kind, names in wanted
        for x in _missing(session, kind, [n for n in names if n])
    ]
    if body.get("alternate") == name:
        problems.append(
            Problem("alternate", "a strategy cannot be its own alternate", "name another one")
        )
    return problems + _check_currencies(session, name, body)


def _check_currencies(session: Session, name: str, body: dict[str, Any]) -> list[Problem]:
    """Nothing is converted: what one strategy and its alternates add up is in one currency."""
    company = accounting_currency({d.name: d.body for d in current_documents(session, COMPANY)})
    own = body.get("currency") or company
    problems = []
    for table in (
        current_documents(session, "rate_table", names=[body["rate_table"]])
        if body.get("rate_table")
        else ()
    ):
        if (table.body.get("currency") or own) != own:
            what = f"{table.name} is in {table.body['currency']}, the strategy counts in {own or 'no named currency'}"
            problems.append(
                Problem(
                    "rate_table",
                    what,
                    "rates are not converted: use a table in the strategy's currency",
                )
            )
    for other in current_documents(session, "strategy"):
        tied = body.get("alternate") == other.name or other.body.get("alternate") == name
        theirs = other.body.get("currency") or company
        if tied and other.name != name and theirs != own:
            what = f"{other.name} counts in {theirs or 'no named currency'}, this one in {own or 'no named currency'}"
            problems.append(
                Problem("currency", what, "a strategy and its alternate share one currency")
            )
    return problems


def _keep_default(session: Session, names: Sequence[str]) -> Sequence[Problem]:
    """The strategy of orders that name none stays until another one is marked."""
    rows = fetch(
        session,
        "SELECT name FROM platform.configuration_document WHERE kind = 'strategy' AND current AND NOT deleted"
        " AND body->>'is_default' = 'true' ORDER BY id DESC LIMIT 1",
    )
    if not rows or rows[0][0] not in names:
        return []
    what = "is the default: orders that name no strategy use it"
    return [Problem(f"strategy {rows[0][0]}", what, "mark another strategy as the default")]


def _missing(session: Session, kind: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    known = {d.name for d in current_documents(session, kind, names=names)}
    return sorted(set(names) - known)


KINDS = (
    DocumentKind(
        "source",
        SourceBody,
        20,
        check=_check_source,
        on_apply=_apply_sources,
        on_delete=_remove_sources,
        references={"calendar": ("$.calendar",), "pickup_schedule": ("$.pickup_schedule",)},
    ),
    DocumentKind(
        "source_list",
        SourceListBody,
        22,
        check=_check_list,
        references={"source": ("$.sources[*]",)},
    ),
    DocumentKind("order_handling", OrderHandlingBody, 24, check=_check_handling),
    DocumentKind("rate_table", RateTableBody, 44),
    DocumentKind(
        "constraint",
        ConstraintBody,
        46,
        check=_check_constraint,
        references={
            "source": ("$.entries[*].source",),
            "source_list": ("$.entries[*].source_list",),
        },
    ),
    DocumentKind(
        "strategy",
        StrategyBody,
        48,
        check=_check_strategy,
        references={
            "source_list": ("$.source_list",),
            "rate_table": ("$.rate_table",),
            "constraint": ("$.constraints[*]",),
            "carrier": ("$.carrier",),
            "strategy": ("$.alternate",),
        },
        deletion_guard=_keep_default,
    ),
)


def strategy_named(session: Session, name: str) -> StrategyBody:
    """The strategy, or the built-in one when `default` was never written. Raises NotFound."""
    found = current_documents(session, "strategy", names=[name])
    if found:
        return StrategyBody.model_validate(found[0].body)
    if name == DEFAULT_STRATEGY:
        return BUILT_IN
    raise NotFound(f"no strategy named {name}", remedy="create it, or leave the strategy empty")


def sources_of(session: Session, strategy: StrategyBody) -> list[Source]:
    """The active sources a strategy may use, by name."""
    query = select(Source).where(Source.active).order_by(Source.name)
    if strategy.source_list:
        members = current_documents(session, "source_list", names=[strategy.source_list])[0].body[
            "sources"
        ]
        query = query.where(Source.name.in_(members))
    return list(session.scalars(query))
