"""The document kind `inventory_configuration` and the checks before a new version is applied."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.platform.bulk import fetch
from openiom.platform.configuration import Document, DocumentKind, last_change

from .columns import split_pairs
from .configuration import (
    KIND,
    NAME,
    InventoryConfiguration,
    InventoryConfigurationBody,
    inventory_configuration,
    lock_formula,
    parse,
)
from .configuration_problems import problems_of
from .default_configuration import DEFAULT
from .ledger.recompute_on_hand import recompute_on_hand
from .measures import Measure


def _check(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    """Return what is wrong with a configuration, by itself and for the existing stock."""
    if name != NAME:
        return [Problem("name", "there is only one inventory configuration", f"name it {NAME}")]
    given = InventoryConfigurationBody.model_validate(body)
    problems = problems_of(given)
    if problems:
        return problems
    return list(_conflicts(session, old=inventory_configuration(session), new=parse(given)))


def _conflicts(
    session: Session, *, old: InventoryConfiguration, new: InventoryConfiguration
) -> Iterator[Problem]:
    """Yield what a new configuration would break for the existing stock."""
    if old.by_location != new.by_location:
        yield from _key_change(session, "partition")

    if old.own_organization != new.own_organization:
        yield from _key_change(session, "own_organization")

    yield from _removed_measures(session, _measures(old) - _measures(new))
    yield from _unmapped_reservations(session, old.reservation.keys() - new.reservation.keys())
    yield from _posted_quantities(session, new.reservation.keys() - old.reservation.keys())


def _key_change(session: Session, where: str) -> Iterator[Problem]:
    """Yield a problem when there is stock whose keys depend on this setting."""
    if fetch(session, "SELECT 1 FROM inventory_visibility.stock LIMIT 1"):
        yield Problem(
            where, "cannot change while there is stock", "start with an empty environment"
        )


def _removed_measures(session: Session, removed: set[Measure]) -> Iterator[Problem]:
    """Yield a problem for each removed measure that has a balance."""
    used = fetch(
        session,
        "SELECT DISTINCT data_source, measure FROM inventory_visibility.measure_balance"
        " JOIN unnest(%s::text[], %s::text[]) AS removed(data_source, measure)"
        " USING (data_source, measure) ORDER BY data_source, measure",
        split_pairs(removed),
    )
    for source, measure in used:
        yield Problem(
            f"data_sources.{source}.physical_measures",
            f"{measure} is in use",
            "keep it, because a measure cannot be renamed once quantities were posted to it",
        )


def _unmapped_reservations(session: Session, unmapped: set[Measure]) -> Iterator[Problem]:
    """Yield a problem for each unmapped measure that has open reservations."""
    reserved = fetch(
        session,
        "SELECT DISTINCT data_source, measure FROM inventory_visibility.reservation"
        " JOIN unnest(%s::text[], %s::text[]) AS unmapped(data_source, measure)"
        " USING (data_source, measure) WHERE open > 0 ORDER BY data_source, measure",
        split_pairs(unmapped),
    )
    for source, measure in reserved:
        yield Problem(
            "reservation_mapping",
            f"{source}.{measure} has open reservations",
            "release them first, or keep it mapped",
        )


def _posted_quantities(session: Session, mapped: set[Measure]) -> Iterator[Problem]:
    """Yield a problem for each newly mapped measure with quantities that no reservation made."""
    posted = fetch(
        session,
        "SELECT DISTINCT data_source, measure FROM inventory_visibility.measure_balance"
        " JOIN unnest(%s::text[], %s::text[]) AS mapped(data_source, measure)"
        " USING (data_source, measure) WHERE quantity <> 0 ORDER BY data_source, measure",
        split_pairs(mapped),
    )
    for source, measure in posted:
        yield Problem(
            "reservation_mapping",
            f"{source}.{measure} has quantities that were posted, not reserved",
            "set them to zero first, or map another measure",
        )


def _guard_deletion(session: Session, names: Sequence[str]) -> Sequence[Problem]:
    """Return what the shipped configuration, used without a document, would break."""
    shipped = parse(InventoryConfigurationBody.model_validate(DEFAULT))
    return list(_conflicts(session, old=inventory_configuration(session), new=shipped))


def _on_delete(session: Session, names: Sequence[str]) -> None:
    _recompute(session)


def _on_apply(session: Session, documents: Sequence[Document]) -> None:
    _recompute(session)


def _recompute(session: Session) -> None:
    """Recompute on hand in the name of the user who changed the configuration."""
    lock_formula(session)
    now, actor = last_change(session, KIND, [NAME])
    recompute_on_hand(session, inventory_configuration(session).formula, now=now, actor=actor)


def _measures(configuration: InventoryConfiguration) -> set[Measure]:
    found = set()
    for source in configuration.sources.values():
        for measure in source.physical:
            found.add((source.name, measure))
    return found


INVENTORY_CONFIGURATION = DocumentKind(
    KIND,
    InventoryConfigurationBody,
    18,
    check=_check,
    on_apply=_on_apply,
    on_delete=_on_delete,
    deletion_guard=_guard_deletion,
)
