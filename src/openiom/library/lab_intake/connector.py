"""Sources of lab orders: a POST with the key, and `*.json` files in a folder."""

import hmac
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from openiom.kernel import Invalid, ProviderRejected, Unauthenticated
from openiom.provider_contract import (
    Connection,
    MessagePage,
    ProbeResult,
    RawMessage,
    WebhookResult,
)

KEY_HEADER = "X-Api-Key"
PROCESSED_FOLDER = "processed"
FILES_PER_PAGE = 200
MIN_FILE_AGE_SECONDS = 10.0


class LabIntakeConnection(BaseModel):
    """The key that senders of orders must know."""

    model_config = ConfigDict(extra="forbid")

    api_key: SecretStr = Field(
        SecretStr(""),
        description=f"Senders pass it in {KEY_HEADER}; every POST is refused when it is empty",
    )


class LabIntakeParameters(BaseModel):
    """Parameters of an instance."""

    model_config = ConfigDict(extra="forbid")

    folder: str = Field(
        "",
        description="Folder watched for *.json files, below OPENIOM_INTAKE_FOLDER; each is moved to"
        f" its subfolder '{PROCESSED_FOLDER}'",
    )
    currency: str = Field(
        "USD", pattern="^[A-Z]{3}$", description="Currency of orders that do not name one"
    )
    account: str = Field(
        "DefaultAccount-IOMLabOrderIntakeProvider", description="Account of every lab order"
    )
    price_list: str = Field("MasterPriceList", description="Price list of every lab order")


class LabIntake:
    """Connector of one intake. It makes no calls: orders are posted to it or read from a folder."""

    def __init__(self, connection: Connection) -> None:
        parameters = connection.parameters
        self._key: str = connection.connection["api_key"]
        self._folder = _allowed_folder(parameters["folder"], connection.folder)
        self._currency: str = parameters["currency"]
        self._account: str = parameters["account"]
        self._price_list: str = parameters["price_list"]

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def probe(self) -> ProbeResult:
        """Return the ways in which orders can arrive.

        Raises ProviderRejected if there is none, or if files of the folder cannot be moved.
        """
        ways = []
        if self._key:
            ways.append("post")

        if self._folder is not None:
            _files(self._folder)
            if not os.access(self._folder, os.W_OK | os.X_OK):
                raise ProviderRejected(
                    "files cannot be moved", where=str(self._folder), remedy="allow writing to it"
                )

            ways.append("folder")

        if not ways:
            raise ProviderRejected(
                "orders cannot arrive", where="connection", remedy="enter an api_key or a folder"
            )

        return ProbeResult(str(self._folder or "posted orders"), tuple(ways))

    def receive(self, headers: Mapping[str, str], body: bytes) -> WebhookResult:
        """Parse one order or a list of orders; if one has no order number, all are refused."""
        key = headers.get(KEY_HEADER.lower(), "")
        if not self._key or not hmac.compare_digest(key.encode(), self._key.encode()):
            raise Unauthenticated(
                f"{KEY_HEADER} is not the key of this intake", remedy=f"send it in {KEY_HEADER}"
            )

        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Invalid(
                f"the body is not JSON: {error}", where="body", remedy="send one order as JSON"
            ) from None

        orders = document if isinstance(document, list) else [document]
        _check_numbers(orders)
        return WebhookResult(self._messages(orders, datetime.now(UTC), file_name=""))

    def pull(self, kind: str, checkpoint: str) -> Iterator[MessagePage]:
        """Yield the files of the folder, oldest first.

        A file is moved only after its page is stored; a repeated one is recognized by the inbox.
        Content that is not an order becomes a message all the same, so that it is parked.
        """
        if self._folder is None:
            return

        files = _files(self._folder)
        for start in range(0, len(files), FILES_PER_PAGE):
            messages, processed = self._read_page(files[start : start + FILES_PER_PAGE])
            if processed:
                yield MessagePage(messages, checkpoint)
                _move(processed, self._folder / PROCESSED_FOLDER)

    def _read_page(self, files: Sequence[Path]) -> tuple[list[RawMessage], list[Path]]:
        """Return the orders of files, and the files that were complete."""
        messages: list[RawMessage] = []
        processed: list[Path] = []
        for file in files:
            found = self._read(file)
            if found is not None:
                messages += found
                processed.append(file)

        return messages, processed

    def _read(self, file: Path) -> list[RawMessage] | None:
        """Return the orders of a file, None if it is incomplete or no longer exists."""
        try:
            content = file.read_bytes()
            modified_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ProviderRejected(
                f"cannot be read: {error.strerror}",
                where=str(file),
                remedy="allow reading it, or remove it",
            ) from None

        try:
            document = orjson.loads(content)
        except orjson.JSONDecodeError:
            age = datetime.now(UTC) - modified_at
            if age.total_seconds() < MIN_FILE_AGE_SECONDS:
                return None  # it may still be being written

            return [RawMessage("order", file.name, content.decode("utf-8", "replace"))]

        orders = document if isinstance(document, list) else [document]
        return self._messages(orders, modified_at, file_name=file.name)

    def _messages(
        self, orders: Sequence[Any], received_at: datetime, *, file_name: str
    ) -> list[RawMessage]:
        """Return orders as messages.

        The version is the hash of the order as it was sent, so that a repeated delivery is
        recognized at any time.
        """
        messages = []
        for order in orders:
            version = sha256(orjson.dumps(order, option=orjson.OPT_SORT_KEYS)).hexdigest()
            if isinstance(order, dict):
                key = str(order.get("ordernumber") or file_name)
                payload: Any = self._payload(order, received_at)
            else:
                key, payload = file_name, orjson.dumps(order).decode()

            messages.append(RawMessage("order", key, payload, version=version))

        return messages

    def _payload(self, order: Mapping[str, Any], received_at: datetime) -> dict[str, Any]:
        payload = dict(order)
        payload["account"] = self._account
        payload["price_list"] = self._price_list
        payload["received_at"] = received_at.isoformat()
        payload["currency"] = order.get("currency") or self._currency
        lines = _numbered_lines(order.get("orderdetails"))
        if lines is not None:
            payload["orderdetails"] = lines

        return payload


def _check_numbers(orders: Sequence[Any]) -> None:
    for index, order in enumerate(orders):
        if not isinstance(order, dict) or not order.get("ordernumber"):
            raise Invalid(
                "is not an order with an ordernumber",
                where=f"[{index}]",
                remedy="give every order an ordernumber",
            )


def _numbered_lines(lines: Any) -> list[dict[str, Any]] | None:
    """Return the lines with a line number each, None if they are not a list of objects.

    Lab orders do not number their lines; without a number, two lines of the same product would be
    the same line.
    """
    if not isinstance(lines, list):
        return None

    numbered = []
    for number, line in enumerate(lines, start=1):
        if not isinstance(line, dict):
            return None

        numbered.append({"linenumber": number, **line})

    return numbered


def _allowed_folder(folder: str, root: Path | None) -> Path | None:
    """Return the folder of an instance, None without one.

    A relative path is below the root folder. Raises Invalid when the folder, its links followed, is
    not below the root folder, or when there is none.
    """
    if not folder:
        return None
    if root is not None:
        found = (root / folder).resolve()
        if found.is_relative_to(root.resolve()):
            return found

    raise Invalid(
        f"may not be {folder}: it is not below OPENIOM_INTAKE_FOLDER",
        where="parameters.folder",
        remedy="have an operator set OPENIOM_INTAKE_FOLDER, and choose a folder below it",
    )


def _is_order_file(entry: os.DirEntry[str]) -> bool:
    return entry.name.endswith(".json") and entry.is_file(follow_symlinks=False)


def _files(folder: Path) -> list[Path]:
    """Return the JSON files of a folder, oldest first. Links are skipped."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if _is_order_file(entry):
                    modified = entry.stat(follow_symlinks=False).st_mtime_ns
                    found.append((modified, entry.name))
    except OSError as error:
        raise ProviderRejected(
            f"the folder cannot be read: {error.strerror}",
            where=str(folder),
            remedy="correct the parameter or the permissions of the folder",
        ) from None

    return [folder / name for _, name in sorted(found)]


def _move(files: Sequence[Path], target: Path) -> None:
    """Move processed files. Raises ProviderRejected if the folder does not allow it."""
    try:
        target.mkdir(exist_ok=True)
        for file in files:
            file.replace(target / file.name)
    except OSError as error:
        raise ProviderRejected(
            f"processed files cannot be moved: {error.strerror}",
            where=str(target),
            remedy="allow writing to the watched folder",
        ) from None


def connect(connection: Connection) -> LabIntake:
    """Return a connector for one intake."""
    return LabIntake(connection)
