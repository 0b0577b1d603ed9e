"""Products and customers a store hands over become documents like any a person writes, each with its mapping."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from openiom.documents import AccountDocument, ProductDocument
from openiom.kernel import IomError
from openiom.platform.configuration import Configuration, current_documents
from openiom.platform.write_behind import savepoint
from openiom.provider_contract import DocumentReceiver, InboundDocument, IntakeResult
from openiom.providers import MappingBody, resolve

Parsed = tuple[int, InboundDocument, ProductDocument | AccountDocument]


def master_data_receivers(configuration: Configuration) -> dict[str, DocumentReceiver]:
    """Receivers of `product` and `account`; both go the one way in that documents have."""

    def receive(kind: str, model: type[BaseModel]) -> DocumentReceiver:
        def take(
            session: Session, arrived: Sequence[InboundDocument], now: datetime, actor: str
        ) -> list[IntakeResult]:
            return _take(configuration, kind, model, session, arrived, now, actor)

        return take

    return {
        "product": receive("product", ProductDocument),
        "account": receive("account", AccountDocument),
    }


def _take(
    configuration: Configuration,
    kind: str,
    model: type[BaseModel],
    session: Session,
    arrived: Sequence[InboundDocument],
    now: datetime,
    actor: str,
) -> list[IntakeResult]:
    """Apply what a store says over what is known, all of a wave in one go; fields it does not tell stay."""
    answers: dict[int, IntakeResult] = {}
    parsed: list[Parsed] = []
    for index, message in enumerate(arrived):
        try:
            parsed.append((index, message, model.model_validate(message.document)))  # type: ignore[arg-type]
        except ValidationError as error:
            answers[index] = _unreadable(error)
    names = _names(session, kind, parsed)
    known = {
        d.name: d.body for d in current_documents(session, kind, names=sorted(set(names.values())))
    }
    documents: dict[tuple[str, str], dict[str, Any]] = {}
    for index, message, given in parsed:
        name = names[index]
        body = {**known.get(name, {}), **_body(given)}
        documents[kind, name] = {"kind": kind, "name": name, "body": body}
        mapping = _mapping(kind, message.instance, given, name)
        documents["mapping", mapping.document_name] = {
            "kind": "mapping",
            "name": mapping.document_name,
            "body": mapping.model_dump(),
        }
        answers[index] = IntakeResult(ok=True, entity_id=name)
    try:
        with savepoint(session):
            configuration.apply(session, documents.values(), at=now, actor=actor)
    except IomError as error:
        refused = IntakeResult(
            ok=False,
            error=str(error)[:1000],
            where=kind,
            remedy="correct it at its source, then replay",
        )
        answers |= {index: refused for index, _, _ in parsed}
    return [answers[i] for i in range(len(arrived))]


def _names(session: Session, kind: str, parsed: Sequence[Parsed]) -> dict[int, str]:
    """Our name of each: what its key is mapped to already, else the store's own."""
    names = {}
    by_instance: dict[str, list[Parsed]] = {}
    for one in parsed:
        by_instance.setdefault(one[1].instance, []).append(one)
    for instance, group in by_instance.items():
        found: Mapping[tuple[str, str, str], str] = resolve(
            session, instance, "", [_lookup(kind, g) for _, _, g in group]
        )
        for index, _, given in group:
            own = (
                given.number
                if isinstance(given, ProductDocument)
                else f"{instance}-{given.external_id}"
            )
            names[index] = found.get(_lookup(kind, given), own)
    return names


def _lookup(kind: str, given: ProductDocument | AccountDocument) -> tuple[str, str, str]:
    if isinstance(given, ProductDocument):
        return kind, "sku", given.number
    return kind, "customer_id", given.external_id


def _mapping(
    kind: str, instance: str, given: ProductDocument | AccountDocument, name: str
) -> MappingBody:
    table, field, value = _lookup(kind, given)
    scope: dict[str, Any] = {"scope": "instance", "scope_name": instance}
    return MappingBody.model_validate(
        {"table": table, "field": field, "value": value, "internal": name, **scope}
    )


def _body(given: ProductDocument | AccountDocument) -> dict[str, Any]:
    if isinstance(given, AccountDocument):
        told = {
            "title": given.name,
            "company": given.company,
            "email": given.email,
            "phone": given.phone,
        }
        return {k: v for k, v in told.items() if v}
    numbers = {"weight_kg": given.weight_kg, "list_price": given.list_price}
    told = {"name": given.name, "description": given.description}
    return {k: v for k, v in told.items() if v} | {
        k: str(v) for k, v in numbers.items() if v is not None
    }


def _unreadable(error: ValidationError) -> IntakeResult:
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return IntakeResult(
        ok=False, error=first["msg"], where=where, remedy="correct the transformation, then replay"
    )
