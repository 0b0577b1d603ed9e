"""The document kind `inventory_configuration`: what is checked before a new version counts."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.platform.bulk import fetch
from openiom.platform.configuration import Document, DocumentKind

from .configuration import (
    KIND,
    NAME,
    InventoryConfiguration,
    InventoryConfigurationBody,
    inventory_configuration,
    parse,
    problems_of,
)
from .default_configuration import DEFAULT
from .ledger.recompute_on_hand import reformulate
from .measures import Measure


def check(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    """What is wrong with a configuration by itself, and what it would break for the stock there is."""
    if name != NAME:
        return [Problem("name", "there is only one inventory configuration", f"name it {NAME}")]
    given = InventoryConfigurationBody.model_validate(body)
    wrong = problems_of(given)
    return wrong or list(_broken(session, old=inventory_configuration(session), new=parse(given)))


def _broken(
    session: Session, *, old: InventoryConfiguration, new: InventoryConfiguration
) -> Iterator[Problem]:
    moved = (
        ("partition", old.by_location != new.by_location),
        ("own_organization", old.own_organization != new.own_organization),
    )
    if any(changed for _, changed in moved) and fetch(
        session, "SELECT 1 FROM inventory_visibility.stock LIMIT 1"
    ):
        for where, changed in moved:
            if changed:
                yield Problem(
                    where, "cannot change while there is stock", "start with an empty environment"
                )
    gone = _measures(old) - _measures(new)
    if gone:
        used = fetch(
            session,
            "SELECT DISTINCT data_source, measure FROM inventory_visibility.measure_balance"
            " JOIN unnest(%s::text[], %s::text[]) AS g(data_source, measure) USING (data_source, measure)"
            " ORDER BY 1, 2",
            ([source for source, _ in gone], [measure for _, measure in gone]),
        )
        for source, measure in used:
            remedy = "keep it; names cannot be changed once something was posted under them"
            yield Problem(
                f"data_sources.{source}.physical_measures", f"{measure} is in use", remedy
            )

    yield from _reserved(session, sorted(old.reservation.keys() - new.reservation.keys()))


def _reserved(session: Session, measures: Sequence[Measure]) -> Iterator[Problem]:
    """Soft reservations that a configuration would no longer know."""
    held = fetch(
        session,
        "SELECT DISTINCT data_source, measure FROM inventory_visibility.reservation"
        " JOIN unnest(%s::text[], %s::text[]) AS g(data_source, measure) USING (data_source, measure)"
        " WHERE open > 0 ORDER BY 1, 2",
        ([source for source, _ in measures], [measure for _, measure in measures]),
    )
    for source, measure in held:
        remedy = "release them first, or keep it mapped"
        yield Problem("reservation_mapping", f"{source}.{measure} holds open reservations", remedy)


def _keep(session: Session, names: Sequence[str]) -> Sequence[Problem]:
    """Without a document the shipped configuration counts: what that one would break."""
    shipped = parse(InventoryConfigurationBody.model_validate(DEFAULT))
    return list(_broken(session, old=inventory_configuration(session), new=shipped))


def _removed(session: Session, names: Sequence[str]) -> None:
    _follow(session)


def _apply(session: Session, documents: Sequence[Document]) -> None:
    _follow(session)


def _follow(session: Session) -> None:
    """On hand follows the new formula, in the name of whoever changed it."""
    rows = fetch(
        session,
        "SELECT at, actor FROM platform.configuration_document WHERE kind = %s AND name = %s AND current",
        (KIND, NAME),
    )
    reformulate(session, inventory_configuration(session).formula, now=rows[0][0], actor=rows[0][1])


def _measures(configuration: InventoryConfiguration) -> set[tuple[str, str]]:
    return {
        (source.name, measure)
        for source in configuration.sources.values()
        for measure in source.physical
    }


KINDS = (
    DocumentKind(
        KIND,
        InventoryConfigurationBody,
        18,
        check=check,
        on_apply=_apply,
        on_delete=_removed,
        deletion_guard=_keep,
    ),
)
