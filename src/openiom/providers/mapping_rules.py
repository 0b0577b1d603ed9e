"""Pure decisions: outcomes of messages, keys of documents, connection states, pauses of polls."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from openiom.kernel import IomError, Problem, ProviderError
from openiom.platform.retry import RetryPolicy, requested_pause
from openiom.policies import MappingKey, Transformed, TransformFailure
from openiom.provider_contract import IntakeResult, ProbeResult

from .message_total import MessageTotal

MASTER_DATA = ""
"""As the field of an unmapped key: the master data of that name is missing, not a mapping."""

PROCESSED, DUPLICATE, STALE, PARKED = "processed", "duplicate", "stale", "parked"
IGNORED = "ignored"
ACCEPTED = frozenset((PROCESSED, DUPLICATE, IGNORED))
"""States of a message whose document a package has accepted."""

MAX_PAUSE_SECONDS = 900.0
DEFAULT_PAUSE_SECONDS = 5.0
LISTED_KEYS = 5
_MAX_TEXT = 4_000
_MAX_VALUE = 120


class Lookup(NamedTuple):
    """A key of a mapping: an external value of a field, or a name of ours, in one table."""

    table: str
    field: str
    value: str


@dataclass(slots=True)
class MessageOutcome:
    """The result of processing a message.

    `missing` are the lookups that a parked message waits for, `total` is what its order costs.
    """

    state: str
    entity_id: str = ""
    error: dict[str, str] | None = None
    missing: list[Lookup] = field(default_factory=list)
    total: MessageTotal | None = None


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """What a probe found out about a connection; `error` is empty for a green one."""

    state: str
    error: str
    account: str
    scopes: list[str]
    missing_scopes: list[str]


def printable(text: str, limit: int) -> str:
    """Return the text without NUL, which PostgreSQL does not store, and not longer than `limit`."""
    return text.replace("\x00", " ")[:limit]


def unexpected_error(error: Exception, instance: str) -> ProviderError:
    """Return the error to record when the code of a provider raised an unexpected exception."""
    return ProviderError(
        f"the provider's code failed: {type(error).__name__}: {error}"[:1000],
        where=instance,
        remedy="report this to the author of the provider",
    )


def parked(
    what: str, where: str = "", remedy: str = "", missing: Iterable[Lookup] = ()
) -> MessageOutcome:
    """Return the outcome of a message that could not be processed."""
    error = {"what": printable(what, _MAX_TEXT), "where": where, "remedy": remedy}
    return MessageOutcome(PARKED, error=error, missing=list(missing))


def parked_for_error(error: IomError, where: str = "") -> MessageOutcome:
    """Return the outcome of a message whose processing raised an error."""
    return parked(error.what, error.where or where, error.remedy)


def parked_for_failure(failure: TransformFailure) -> MessageOutcome:
    """Return the outcome of a message that its transformation cannot read."""
    return parked(
        failure_text(failure),
        failure.path,
        "correct the message at its source, or the transformation, and replay",
    )


def parked_for_keys(missing: Sequence[MappingKey]) -> MessageOutcome:
    """Return the outcome of a message with unmapped keys; it is replayed when they are mapped."""
    lookups = list(dict.fromkeys(map(lookup_of, missing)))
    remedy = "map the keys; the message is replayed automatically"
    where = missing[0].into or ""
    return parked(f"no mapping for {_list_lookups(lookups)}", where, remedy, lookups)


def _list_lookups(lookups: Sequence[Lookup]) -> str:
    shown = []
    for table, name, value in lookups[:LISTED_KEYS]:
        shown.append(f'{table} with {name} "{value}"')
    hidden = len(lookups) - len(shown)
    more = f" and {hidden} more" if hidden else ""
    return ", ".join(shown) + more


def intake_outcome(result: IntakeResult) -> MessageOutcome:
    """Return the outcome of a message whose document was passed to a package."""
    if result.ignored:
        return MessageOutcome(IGNORED)
    if result.ok:
        state = DUPLICATE if result.duplicate else PROCESSED
        return MessageOutcome(state, result.entity_id)
    missing = []
    for kind, name in result.needs:
        missing.append(Lookup(kind, MASTER_DATA, name))
    return parked(result.error, result.where, result.remedy, missing)


def failure_text(failure: TransformFailure) -> str:
    """Return the message of a failure with the values that its expression read."""
    if not failure.values:
        return failure.message
    values = []
    for name, value in failure.values.items():
        values.append(f"{name} = {value!r}"[:_MAX_VALUE])
    return f"{failure.message} ({', '.join(values)})"


def lookup_of(key: MappingKey) -> Lookup:
    """Return the lookup that a key of a transformed document needs."""
    return Lookup(key.table, key.field, key.value)


def lookups_of(results: Iterable[Transformed | TransformFailure]) -> list[Lookup]:
    """Return the distinct lookups that transformed documents need."""
    lookups: dict[Lookup, None] = {}
    for result in results:
        if isinstance(result, Transformed):
            lookups.update(dict.fromkeys(map(lookup_of, result.keys)))
    return list(lookups)


def apply_mappings(
    transformed: Transformed, internal_names: Mapping[Lookup, str]
) -> list[MappingKey]:
    """Write our names into a document where its keys say, and return the unmapped keys."""
    missing = []
    for key in transformed.keys:
        internal = internal_names.get(lookup_of(key))
        if internal is None:
            missing.append(key)
        elif key.into is not None:
            target, name = locate(transformed.document, key.into)
            target[name] = internal

    return missing


def build_payload(
    result: Transformed | TransformFailure, external_values: Mapping[Lookup, str]
) -> dict[str, Any] | Problem:
    """Return what to send for one entity, or the problem that prevents it.

    Where no external value is mapped, the value of the transformation remains.
    """
    if isinstance(result, TransformFailure):
        remedy = "correct the data or the transformation, and reprocess"
        return Problem(result.path, failure_text(result), remedy)

    for key in result.keys:
        if key.into is None:
            continue

        target, name = locate(result.document, key.into)
        external = external_values.get(lookup_of(key))
        if external is not None:
            target[name] = external
        elif target.get(name) in (None, ""):
            what = f"our {key.table} {key.value} has no {key.field} at this provider"
            return Problem(key.into, what, "map it, and reprocess")

    return result.document


def locate(document: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """Return the object that contains the last name of a path, and that name.

    A path is such as `lines[2].product`. Missing objects are created; a missing list item is an
    `IndexError`.
    """
    target: Any = document
    *parents, name = path.replace("[", ".").replace("]", "").split(".")

    for parent in parents:
        is_list = isinstance(target, list)
        target = target[int(parent)] if is_list else target.setdefault(parent, {})

    return target, name


def connection_state(result: ProbeResult | IomError, instance: str) -> ConnectionState:
    """Return the state of a connection after a probe: green without errors and missing scopes."""
    if isinstance(result, IomError):
        return ConnectionState("red", printable(str(result), 2000), "", [], [])

    error = ""
    if result.missing_scopes:
        missing = ", ".join(result.missing_scopes)
        error = f"the credential lacks: {missing}. Grant them at {instance} and probe again"

    return ConnectionState(
        state="red" if error else "green",
        error=error,
        account=result.account,
        scopes=list(result.scopes),
        missing_scopes=list(result.missing_scopes),
    )


def poll_pause(interval: int | None, failures: int, error: IomError | None) -> float:
    """Return the seconds until the next poll: the interval, or longer while polls fail.

    `failures` counts the polls in a row that failed, including the last one. The pause doubles up
    to 15 minutes, and is never shorter than the provider requested.
    """
    if error is None:
        return float(interval or 0)

    policy = RetryPolicy(
        first_seconds=float(interval or DEFAULT_PAUSE_SECONDS),
        max_seconds=MAX_PAUSE_SECONDS,
        jitter=0.0,
    )
    return policy.delay(failures, retry_after=requested_pause(error))
