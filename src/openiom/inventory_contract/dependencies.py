"""Dependencies of the contract's routes: caller, API version, writer, and processing of records."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Depends, Header, Path, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    InventoryConfiguration,
    configuration_for_writing,
    inventory_configuration,
)
from openiom.kernel import Forbidden, Invalid, IomError
from openiom.platform.database import Database
from openiom.platform.http import CurrentPrincipal, Now, Principal, database
from openiom.platform.retry import retry_transient

from .body_parser import folded, read_json, read_records
from .responses import RecordResult, bulk_response, failed, record_response

PREFIX = "/api/environment/{environmentId}"
VERSIONS: dict[str, Literal[1, 2]] = {"1": 1, "1.0": 1, "2": 2, "2.0": 2}
T = TypeVar("T")
Result = RecordResult | IomError
Read = Callable[[dict[str, Any]], T]
Apply = Callable[[Sequence[T]], Sequence[Result]]


def caller(
    request: Request,
    principal: CurrentPrincipal,
    environment: Annotated[str, Path(alias="environmentId", max_length=200)],
) -> Principal:
    """Return the principal of a request to this environment. Raises Forbidden for any other."""
    own: str = request.app.state.environment
    if environment.lower() != own.lower():
        raise Forbidden(
            f"this is not the environment {environment}",
            where="environmentId",
            remedy="call the installation of that environment, with a token issued by it",
        )

    return principal


def api_version(header: Annotated[str, Header(alias="Api-Version")] = "1.0") -> Literal[1, 2]:
    """Return the requested version of the API. Raises Invalid for one that does not exist."""
    version = VERSIONS.get(header.strip())
    if version is None:
        raise Invalid(
            f"there is no version {header}", where="Api-Version", remedy="send 1.0 or 2.0"
        )
    return version


Caller = Annotated[Principal, Depends(caller)]
Version = Annotated[Literal[1, 2], Depends(api_version)]


@dataclass(frozen=True, slots=True)
class Writer:
    """A principal that may change stock, and the configuration its records are read by."""

    database: Database
    configuration: InventoryConfiguration
    now: datetime
    actor: str

    def reader(self, read: Callable[..., T]) -> Read[T]:
        """Return `read(record, configuration)` as a function of the record."""
        return lambda record: read(record, self.configuration)

    def applier(self, apply: Callable[..., Sequence[Result]]) -> Apply[Any]:
        """Return `apply(session, items, configuration=, now=, actor=)` as a function of the items.

        It runs in its own transaction, which is retried after transient database errors, with the
        configuration of that transaction: it may have changed since the records were read.
        """

        def work(items: Sequence[Any], session: Session) -> Sequence[Result]:
            configuration = configuration_for_writing(session)
            return apply(
                session, items, configuration=configuration, now=self.now, actor=self.actor
            )

        return lambda items: retry_transient(self.database, partial(work, items))


def writer(request: Request, principal: Caller, now: Now) -> Writer:
    """Return the writer of a request. Raises Forbidden without permission to change stock."""
    principal.require("inventory.write")
    with database(request).reading() as session:
        configuration = inventory_configuration(session)
    return Writer(database(request), configuration, now, principal.name)


CurrentWriter = Annotated[Writer, Depends(writer)]


def process_records(body: bytes, *, read: Read[T], apply: Apply[T]) -> Response:
    """Return the response of a bulk request.

    Records that `read` refuses fail by index; `apply` receives the others, in order.
    """
    records = read_records(body)
    processed = _process(records, read=read, apply=apply)

    results: list[RecordResult] = []
    for record, result in zip(records, processed, strict=True):
        results.append(_record_result(record, result))

    return bulk_response(results)


def _record_result(record: Any, result: Result) -> RecordResult:
    return failed(record, result) if isinstance(result, IomError) else result


def process_record(request: Request, body: bytes, *, read: Read[T], apply: Apply[T]) -> Response:
    """Return the response of a request with a single record."""
    record = read_json(body)
    (result,) = _process([record], read=read, apply=apply)
    path = request.url.path
    if isinstance(result, IomError):
        return record_response(failed(record, result), path=path, error=result)
    return record_response(result, path=path, error=None)


def _process(records: Sequence[Any], *, read: Read[T], apply: Apply[T]) -> list[Result]:
    """Return one result a record: why it cannot be read, or what `apply` returned for it."""
    results: list[Result] = []
    accepted: dict[int, T] = {}
    for index, record in enumerate(records):
        results.append({})
        try:
            accepted[index] = read(folded(record, "body"))
        except IomError as error:
            results[index] = error

    if accepted:
        applied = apply(list(accepted.values()))
        for index, result in zip(accepted, applied, strict=True):
            results[index] = result

    return results
