"""The edge of every call of the contract: the environment in the path, who asks, which version, and one answer each."""

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
    inventory_configuration,
)
from openiom.kernel import Forbidden, Invalid, IomError
from openiom.platform.database import Database
from openiom.platform.http import CurrentPrincipal, Now, Principal, database
from openiom.platform.retry import retry_transient

from .body_parser import folded, read_json, read_records
from .responses import Answer, bulk, failed, single

PREFIX = "/api/environment/{environmentId}"
T = TypeVar("T")


def caller(
    request: Request,
    principal: CurrentPrincipal,
    environment: Annotated[str, Path(alias="environmentId", max_length=200)],
) -> Principal:
    """Who asks, for the environment this installation is. Raises Forbidden for any other."""
    own: str = request.app.state.environment
    if environment.lower() != own.lower():
        raise Forbidden(
            f"this is not the environment {environment}",
            where="environmentId",
            remedy="ask the installation that serves it, with a token of its own",
        )
    return principal


def version(api_version: Annotated[str, Header(alias="Api-Version")] = "1.0") -> Literal[1, 2]:
    """The version a request asks for. Raises Invalid for one that does not exist."""
    asked = {"1": 1, "1.0": 1, "2": 2, "2.0": 2}.get(api_version.strip())
    if asked is None:
        raise Invalid(
            f"there is no version {api_version}", where="Api-Version", remedy="send 1.0 or 2.0"
        )
    return 1 if asked == 1 else 2


Caller = Annotated[Principal, Depends(caller)]
Version = Annotated[Literal[1, 2], Depends(version)]
Take = Callable[[Sequence[T]], Sequence[Answer | IomError]]


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody who may move stock, and the configuration in use; work is done again when the database was at fault."""

    database: Database
    configuration: InventoryConfiguration
    now: datetime
    actor: str

    def reading(self, read: Callable[..., T]) -> Callable[[dict[str, Any]], T]:
        """`read(record, configuration)` for records of this request."""
        return lambda record: read(record, self.configuration)

    def taking(self, take: Callable[..., Sequence[Answer | IomError]]) -> Take[Any]:
        """`take(session, items, configuration=, now=, actor=)` in a transaction of its own."""

        def work(items: Sequence[Any], session: Session) -> Sequence[Answer | IomError]:
            return take(
                session, items, configuration=self.configuration, now=self.now, actor=self.actor
            )

        return lambda items: retry_transient(self.database, partial(work, items))


def writer(request: Request, principal: Caller, now: Now) -> Writer:
    principal.require("inventory.write")
    with database(request).reading() as session:
        configuration = inventory_configuration(session)
    return Writer(database(request), configuration, now, principal.name)


Writes = Annotated[Writer, Depends(writer)]


def answer_records(body: bytes, *, read: Callable[[dict[str, Any]], T], take: Take[T]) -> Response:
    """Answer a bulk request: what `read` refuses is answered by its index, `take` gets the rest, in order."""
    records = read_records(body)
    taken = _taken(records, read=read, take=take)
    return bulk(
        [
            failed(r, a) if isinstance(a, IomError) else a
            for r, a in zip(records, taken, strict=True)
        ]
    )


def answer_record(
    request: Request, body: bytes, *, read: Callable[[dict[str, Any]], T], take: Take[T]
) -> Response:
    """Answer a request of one record."""
    record = read_json(body)
    answer = _taken([record], read=read, take=take)[0]
    error = answer if isinstance(answer, IomError) else None
    shown = failed(record, answer) if isinstance(answer, IomError) else answer
    return single(shown, path=request.url.path, error=error)


def _taken(
    records: Sequence[Any], *, read: Callable[[dict[str, Any]], T], take: Take[T]
) -> list[Answer | IomError]:
    answers: list[Answer | IomError] = []
    good: list[T] = []
    places: list[int] = []
    for record in records:
        try:
            good.append(read(folded(record, "body")))
        except IomError as error:
            answers.append(error)
        else:
            places.append(len(answers))
            answers.append({})
    for place, answer in zip(places, take(good) if good else (), strict=True):
        answers[place] = answer
    return answers
