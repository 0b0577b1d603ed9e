"""The state of an installed instance, as other parts of the package read it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from openiom.kernel import NotFound
from openiom.platform.bulk import fetch_as


@dataclass(frozen=True, slots=True)
class InstanceState:
    """Whether an instance is active or paused, and what its last probe found."""

    name: str
    version: int
    active: bool
    paused: bool
    state: str
    error: str


def find_state(session: Session, instance: str) -> InstanceState | None:
    """Return the state of an instance, None when it is not installed."""
    rows = fetch_as(
        session,
        InstanceState,
        "SELECT name, version, active, paused_at IS NOT NULL AS paused, state, error"
        " FROM providers.provider_instance WHERE name = %s",
        (instance,),
    )
    return rows[0] if rows else None


def get_state(session: Session, instance: str) -> InstanceState:
    """Return the state of an instance. Raise `NotFound` when it is not installed."""
    state = find_state(session, instance)
    if state is None:
        raise not_installed(instance)
    return state


@dataclass(frozen=True, slots=True)
class Outage:
    """An active instance, not paused, whose connection is red, and since when it has been."""

    name: str
    title: str
    since: datetime
    error: str


def list_outages(session: Session) -> Sequence[Outage]:
    """Return the active instances that cannot be reached, the one that failed first in front."""
    return fetch_as(
        session,
        Outage,
        "SELECT name, coalesce(nullif(title, ''), name) AS title, red_since AS since, error"
        " FROM providers.provider_instance"
        " WHERE active AND paused_at IS NULL AND state = 'red' AND red_since IS NOT NULL"
        " ORDER BY red_since, name",
    )


class Pause(NamedTuple):
    """An active instance that a person has paused, and since when it is."""

    name: str
    title: str
    since: datetime


def list_pauses(session: Session) -> Sequence[Pause]:
    """Return the active instances that are paused, the one that was paused first in front."""
    return fetch_as(
        session,
        Pause,
        "SELECT name, coalesce(nullif(title, ''), name) AS title, paused_at AS since"
        " FROM providers.provider_instance WHERE active AND paused_at IS NOT NULL"
        " ORDER BY paused_at, name",
    )


class _Title(NamedTuple):
    name: str
    title: str


def instance_titles(session: Session, names: Collection[str]) -> dict[str, str]:
    """Return the titles of these instances by name; unknown ones are absent."""
    rows = fetch_as(
        session,
        _Title,
        "SELECT name, coalesce(nullif(title, ''), name) AS title"
        " FROM providers.provider_instance WHERE name = ANY(%s)",
        (sorted(names),),
    )
    return dict(rows)


def not_installed(instance: str) -> NotFound:
    """Return the error for the name of an instance that is not installed."""
    return NotFound(
        f"no provider instance {instance}", remedy="see the list of installed providers"
    )
