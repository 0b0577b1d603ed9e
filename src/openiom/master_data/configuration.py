"""Document kinds of master data, and the read models that follow them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.orm import Session

from openiom.kernel import Event, Problem, new_id
from openiom.platform.bulk import execute, fetch
from openiom.platform.configuration import Document, DocumentKind, last_change
from openiom.platform.database import Base, to_json_text
from openiom.platform.events import append_events
from openiom.providers import replay_messages_needing

from .bodies import (
    AccountBody,
    CompanyBody,
    CurrencyBody,
    OrderIntakeSettingsBody,
    PriceListBody,
    ProductBody,
    UnitBody,
)
from .kits import refresh_kits
from .models import Account, Currency, OrderIntakeSettings, PriceList, Product, Unit

UPSERT_CHUNK = 5_000
DEFAULT = "default"
COMPANY = "company"
COMPONENTS_CHANGED = "product.components_changed"
MAX_KITS_PER_EVENT = 500


@dataclass(frozen=True)
class ReadModel:
    """A table with one row per document in use.

    The columns are the fields of `body` and the primary key, which is the document's name.
    """

    model: type[Base]
    body: type[BaseModel]

    @property
    def table(self) -> Table:
        table = self.model.__table__
        assert isinstance(table, Table)
        return table

    @property
    def key(self) -> str:
        (column,) = self.table.primary_key.columns
        return column.name

    def upsert_statement(self) -> str:
        """Return an upsert of any number of rows, given as one JSON array.

        Computed columns are left to the database.
        """
        dialect = PGDialect()  # type: ignore[no-untyped-call]
        columns, typed_columns, changes = [], [], []
        for column in self.table.columns:
            if column.computed is not None:
                continue

            columns.append(f'"{column.name}"')
            typed_columns.append(f'"{column.name}" {column.type.compile(dialect=dialect)}')
            if column.name != self.key:
                changes.append(f'"{column.name}" = excluded."{column.name}"')

        names = ", ".join(columns)
        record = ", ".join(typed_columns)
        return (
            f"INSERT INTO {self.table.fullname} ({names})"
            f" SELECT {names} FROM jsonb_to_recordset(%s::jsonb) AS d({record})"
            f" ON CONFLICT ({self.key}) DO UPDATE SET {', '.join(changes)}"
        )

    def on_apply(self) -> Callable[[Session, Sequence[Document]], None]:
        """Return a hook that upserts the rows, `UPSERT_CHUNK` per statement.

        Parked messages that failed for want of one of these records are replayed.
        """
        statement = self.upsert_statement()
        key, body = self.key, self.body

        def upsert(session: Session, documents: Sequence[Document]) -> None:
            for start in range(0, len(documents), UPSERT_CHUNK):
                rows = []
                for document in documents[start : start + UPSERT_CHUNK]:
                    row = body.model_validate(document.body).model_dump(mode="json")
                    row[key] = document.name
                    rows.append(row)
                execute(session, statement, (to_json_text(rows),))
                replay_messages_needing(session, self.table.name, [row[key] for row in rows])

        return upsert

    def on_delete(self) -> Callable[[Session, Sequence[str]], None]:
        """Return a hook that deletes the rows of documents taken out of use."""
        statement = f"DELETE FROM {self.table.fullname} WHERE {self.key} = ANY(%s)"

        def delete(session: Session, names: Sequence[str]) -> None:
            execute(session, statement, (list(names),))

        return delete


PRODUCTS = ReadModel(Product, ProductBody)
_upsert_products = PRODUCTS.on_apply()
_delete_products = PRODUCTS.on_delete()


def _apply_products(session: Session, documents: Sequence[Document]) -> None:
    _upsert_products(session, documents)
    is_kit = {document.name: bool(document.body.get("components")) for document in documents}
    _publish_components_changed(session, refresh_kits(session, is_kit))


def _remove_products(session: Session, names: Sequence[str]) -> None:
    _delete_products(session, names)
    _publish_components_changed(session, refresh_kits(session, dict.fromkeys(names, False)))


def _publish_components_changed(session: Session, kits: set[str]) -> None:
    """Publish one `product.components_changed` for all kits: their availability may differ now."""
    if not kits:
        return

    change = last_change(session, "product")
    subject = new_id()
    event = Event(
        name=COMPONENTS_CHANGED,
        subject_type="product",
        subject_id=subject,
        root_id=subject,
        data={"keys": [[kit, ""] for kit in sorted(kits)[:MAX_KITS_PER_EVENT]]},
    )
    append_events(session, [event], at=change.at, actor=change.actor)


def _check_currency(session: Session, name: str, body: object) -> list[Problem]:
    if len(name) == 3 and name.isascii() and name.isalpha() and name.isupper():
        return []
    return [
        Problem(
            f"currency {name}", "is not an ISO 4217 code", "use three capital letters, e.g. USD"
        )
    ]


def _check_single(kind: str) -> Callable[[Session, str, dict[str, Any]], list[Problem]]:
    """Return a check that a kind has only the one document named `default`."""

    def check(session: Session, name: str, body: dict[str, Any]) -> list[Problem]:
        if name == DEFAULT:
            return []
        return [
            Problem(f"{kind} {name}", f"there is only one {kind} document", f"name it {DEFAULT}")
        ]

    return check


def _kind(
    name: str,
    read_model: ReadModel,
    order: int,
    *,
    check: Callable[[Session, str, dict[str, Any]], Sequence[Problem]] | None = None,
    references: Mapping[str, tuple[str, ...]] | None = None,
) -> DocumentKind:
    """Return a document kind whose documents are mirrored in `read_model`."""
    return DocumentKind(
        name,
        read_model.body,
        order,
        check=check,
        on_apply=read_model.on_apply(),
        on_delete=read_model.on_delete(),
        references=references or {},
    )


KINDS = (
    _kind(
        "order_intake_settings",
        ReadModel(OrderIntakeSettings, OrderIntakeSettingsBody),
        8,
        check=_check_single("order_intake_settings"),
    ),
    DocumentKind(COMPANY, CompanyBody, 9, check=_check_single(COMPANY)),
    _kind("unit", ReadModel(Unit, UnitBody), 10),
    _kind("currency", ReadModel(Currency, CurrencyBody), 10, check=_check_currency),
    _kind(
        "price_list",
        ReadModel(PriceList, PriceListBody),
        10,
        references={"currency": ("$.currency",)},
    ),
    _kind(
        "account",
        ReadModel(Account, AccountBody),
        12,
        references={"price_list": ("$.price_list",)},
    ),
    DocumentKind(
        "product",
        ProductBody,
        15,
        on_apply=_apply_products,
        on_delete=_remove_products,
        references={
            "product": ("$.components[*].product",),
            "unit": ("$.unit",),
            "currency": ("$.currency",),
        },
    ),
)


def accepts_write_in_products(session: Session) -> bool:
    """Return whether orders may name products that are not in the catalog; False by default."""
    rows = fetch(
        session,
        "SELECT write_in_products FROM master_data.order_intake_settings WHERE name = %s",
        (DEFAULT,),
    )
    return bool(rows and rows[0][0])


def accounting_currency(companies: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the currency in which costs are counted, or "" when no company specifies one.

    `companies` are the bodies of the `company` documents in use, by name.
    """
    return str(companies.get(DEFAULT, {}).get("accounting_currency", ""))
