"""Document kinds of sourcing: sources, lists, rate tables, constraints and strategies."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.master_data import COMPANY, accounting_currency
from openiom.platform.compiled_documents import CompiledConfiguration
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
    "default_strategy",
]

DEFAULT_STRATEGY = "default"
BUILT_IN = StrategyBody(title="Lowest cost from any active source", batch=Batch(contention=None))


def _apply_sources(session: Session, documents: Sequence[Document]) -> None:
    rows = list(map(_source_row, documents))
    upsert = insert(Source)
    columns = {name: upsert.excluded[name] for name in rows[0]}
    del columns["name"]
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
                "cannot be geocoded",
                "give a country, or latitude and longitude",
            )
        ]

    return []


def _remove_sources(session: Session, names: Sequence[str]) -> None:
    session.execute(delete(Source).where(Source.name.in_(names)))


def _check_list(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    known = set(session.scalars(select(Source.name).where(Source.name.in_(body["sources"]))))
    problems: list[Problem] = []
    for source in body["sources"]:
        if source not in known:
            problems.append(Problem("sources", f"no source named {source}", "create it first"))
    return problems


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
    sources = {entry["source"] for entry in entries if entry.get("source")}
    lists = [entry.get("source_list") for entry in entries]
    known = session.scalars(select(Source.name).where(Source.name.in_(sources)))
    problems: list[Problem] = []
    for source in sorted(sources - set(known)):
        problems.append(Problem("entries", f"no source named {source}", "create it first"))
    return problems + _missing_problems(session, "entries", "source_list", lists)


def _missing_problems(
    session: Session, where: str, kind: str, names: Sequence[str | None]
) -> list[Problem]:
    """Return a problem for each document that does not exist; empty names are no reference."""
    problems: list[Problem] = []
    for name in _missing(session, kind, [name for name in names if name]):
        what = f"no {kind.replace('_', ' ')} named {name}"
        problems.append(Problem(where, what, "create it first"))
    return problems


def _check_strategy(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    references = {
        "source_list": ("source_list", [body.get("source_list")]),
        "rate_table": ("rate_table", [body.get("rate_table")]),
        "constraints": ("constraint", body.get("constraints") or []),
    }
    problems: list[Problem] = []
    for where, (kind, names) in references.items():
        problems += _missing_problems(session, where, kind, names)

    if body.get("alternate") == name:
        problems.append(
            Problem("alternate", "a strategy cannot be its own alternate", "name another one")
        )

    company = _company_currency(session)
    problems += _check_rate_table_currency(session, body, company)
    return problems + _check_alternate_currency(session, name, body, company)


def _company_currency(session: Session) -> str:
    companies = current_documents(session, COMPANY)
    return accounting_currency({document.name: document.body for document in companies})


def _check_rate_table_currency(
    session: Session, body: dict[str, Any], company: str
) -> list[Problem]:
    """Return a problem when the rate table is in another currency than the strategy."""
    if not body.get("rate_table"):
        return []

    own = body.get("currency") or company
    problems: list[Problem] = []
    for table in current_documents(session, "rate_table", names=[body["rate_table"]]):
        currency = table.body.get("currency") or own
        if currency != own:
            problems.append(
                Problem(
                    "rate_table",
                    f"{table.name} is in {currency}, the strategy counts in {_named(own)}",
                    "rates are not converted: use a table in the strategy's currency",
                )
            )

    return problems


def _check_alternate_currency(
    session: Session, name: str, body: dict[str, Any], company: str
) -> list[Problem]:
    """Return a problem for each strategy tied as alternate that counts in another currency."""
    own = body.get("currency") or company
    problems: list[Problem] = []
    for other in current_documents(session, "strategy"):
        currency = other.body.get("currency") or company
        if currency != own and _are_tied((name, body), (other.name, other.body)):
            problems.append(
                Problem(
                    "currency",
                    f"{other.name} counts in {_named(currency)}, this one in {_named(own)}",
                    "a strategy and its alternate share one currency",
                )
            )

    return problems


def _are_tied(one: tuple[str, dict[str, Any]], other: tuple[str, dict[str, Any]]) -> bool:
    """Return whether one of two strategies, given as name and body, is the other's alternate."""
    if one[0] == other[0]:
        return False
    return one[1].get("alternate") == other[0] or other[1].get("alternate") == one[0]


def _named(currency: str) -> str:
    return currency or "no named currency"


def default_strategy(bodies: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the name of the default strategy among strategies in the sequence they were stored.

    It is the one marked last, else the one named `default`, which may be the built-in one.
    """
    marked = [name for name, body in bodies.items() if body.get("is_default")]
    return [DEFAULT_STRATEGY, *marked][-1]


_MARKED_STRATEGY = CompiledConfiguration(
    ("strategy",), lambda session, bodies: default_strategy(bodies["strategy"])
)


def _guard_default(session: Session, names: Sequence[str]) -> Sequence[Problem]:
    """Return a problem when the strategy marked as the default would be deleted."""
    default = _MARKED_STRATEGY.current(session)
    documents = current_documents(session, "strategy", names=[default])
    is_marked = any(document.body.get("is_default") for document in documents)
    if default not in names or not is_marked:
        return []
    what = "is the default: orders that name no strategy use it"
    return [Problem(f"strategy {default}", what, "mark another strategy as the default")]


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
        deletion_guard=_guard_default,
    ),
)
