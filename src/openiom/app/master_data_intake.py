"""Products and accounts that a provider delivers: they become documents, each with its mapping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from openiom.documents import AccountDocument, ProductDocument
from openiom.kernel import IomError
from openiom.platform.configuration import Configuration, current_documents
from openiom.platform.write_behind import savepoint
from openiom.provider_contract import DocumentReceiver, InboundDocument, IntakeResult
from openiom.providers import Lookup, MappingBody, resolve

LONGEST_ERROR = 1_000


@dataclass(frozen=True, slots=True)
class _Delivered:
    """One document of a batch: its place, its provider instance, and its content."""

    index: int
    instance: str
    content: ProductDocument | AccountDocument


@dataclass(frozen=True, slots=True)
class _Intake:
    """How one kind of master data is received."""

    configuration: Configuration
    kind: str
    model: type[ProductDocument] | type[AccountDocument]

    def receive(
        self, session: Session, arrived: Sequence[InboundDocument], now: datetime, actor: str
    ) -> list[IntakeResult]:
        """Apply delivered fields over what is known, all documents of a batch at once.

        Fields that the provider does not send keep their values.
        """
        results: dict[int, IntakeResult] = {}
        delivered: list[_Delivered] = []
        for index, message in enumerate(arrived):
            try:
                content = self.model.model_validate(message.document)
            except ValidationError as error:
                results[index] = _unreadable(error)
            else:
                delivered.append(_Delivered(index, message.instance, content))

        names = _internal_names(session, self.kind, delivered)
        results |= self._apply(session, delivered, names, now, actor)
        return [results[index] for index in range(len(arrived))]

    def _apply(
        self,
        session: Session,
        delivered: Sequence[_Delivered],
        names: Mapping[int, str],
        now: datetime,
        actor: str,
    ) -> dict[int, IntakeResult]:
        documents = self._documents(session, delivered, names)
        results: dict[int, IntakeResult] = {}
        try:
            with savepoint(session):
                self.configuration.apply(session, documents, at=now, actor=actor)
        except IomError as error:
            refused = IntakeResult(
                ok=False,
                error=str(error)[:LONGEST_ERROR],
                where=self.kind,
                remedy="correct it at its source, then replay",
            )
            for one in delivered:
                results[one.index] = refused

            return results

        for one in delivered:
            results[one.index] = IntakeResult(ok=True, entity_id=names[one.index])

        return results

    def _documents(
        self, session: Session, delivered: Sequence[_Delivered], names: Mapping[int, str]
    ) -> list[dict[str, Any]]:
        """Return the documents to apply; of two deliveries of one record the later one counts."""
        known: dict[str, dict[str, Any]] = {}
        for document in current_documents(session, self.kind, names=sorted(set(names.values()))):
            known[document.name] = document.body

        documents: dict[tuple[str, str], dict[str, Any]] = {}
        for one in delivered:
            name = names[one.index]
            body = {**known.get(name, {}), **_fields(one.content)}
            documents[self.kind, name] = {"kind": self.kind, "name": name, "body": body}
            mapping = _mapping(self.kind, one, name)
            documents["mapping", mapping.document_name] = {
                "kind": "mapping",
                "name": mapping.document_name,
                "body": mapping.model_dump(),
            }

        return list(documents.values())


def master_data_receivers(configuration: Configuration) -> dict[str, DocumentReceiver]:
    """Return the receivers of products and accounts."""
    return {
        "product": _Intake(configuration, "product", ProductDocument).receive,
        "account": _Intake(configuration, "account", AccountDocument).receive,
    }


def _internal_names(session: Session, kind: str, delivered: Sequence[_Delivered]) -> dict[int, str]:
    """Return our name of each document by its place: as its key is mapped, else a new one."""
    by_instance: dict[str, list[_Delivered]] = {}
    for one in delivered:
        by_instance.setdefault(one.instance, []).append(one)
    names: dict[int, str] = {}
    for instance, group in by_instance.items():
        names |= _names_of_instance(session, kind, instance, group)
    return names


def _names_of_instance(
    session: Session, kind: str, instance: str, delivered: Sequence[_Delivered]
) -> dict[int, str]:
    """Return our name of each document of one instance by its place."""
    keys = [_mapping_key(kind, one.content) for one in delivered]
    mapped = resolve(session, instance, "", keys)

    names: dict[int, str] = {}
    for one, key in zip(delivered, keys, strict=True):
        names[one.index] = mapped.get(key) or _new_name(one)

    return names


def _new_name(one: _Delivered) -> str:
    """Return the name of a record that is not mapped yet."""
    if isinstance(one.content, ProductDocument):
        return one.content.number
    return f"{one.instance}-{one.content.external_id}"


def _mapping_key(kind: str, content: ProductDocument | AccountDocument) -> Lookup:
    """Return the key of the record at its provider."""
    if isinstance(content, ProductDocument):
        return Lookup(kind, "sku", content.number)
    return Lookup(kind, "customer_id", content.external_id)


def _mapping(kind: str, one: _Delivered, name: str) -> MappingBody:
    table, field, value = _mapping_key(kind, one.content)
    return MappingBody.model_validate(
        {
            "table": table,
            "field": field,
            "value": value,
            "internal": name,
            "scope": "instance",
            "scope_name": one.instance,
        }
    )


def _fields(content: ProductDocument | AccountDocument) -> dict[str, Any]:
    """Return the fields of a document's body that the provider sent."""
    if isinstance(content, AccountDocument):
        return _without_empty(
            {
                "title": content.name,
                "company": content.company,
                "email": content.email,
                "phone": content.phone,
            }
        )

    fields = _without_empty({"name": content.name, "description": content.description})
    if content.weight_kg is not None:
        fields["weight_kg"] = str(content.weight_kg)

    if content.list_price is not None:
        fields["list_price"] = str(content.list_price)

    return fields


def _without_empty(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def _unreadable(error: ValidationError) -> IntakeResult:
    first = error.errors()[0]
    return IntakeResult(
        ok=False,
        error=first["msg"],
        where=".".join(map(str, first["loc"])),
        remedy="correct the transformation, then replay",
    )
