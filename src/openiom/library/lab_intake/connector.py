"""Where lab orders come from: a POST that carries the key, and `*.json` files in a folder."""

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
TAKEN = "taken"
FILES_AT_ONCE = 200
STILL_BEING_WRITTEN_SECONDS = 10.0


class LabIntakeConnection(BaseModel):
    model_config = ConfigDict(extra="forbid")

    api_key: SecretStr = Field(
        SecretStr(""), description=f"Senders put it into {KEY_HEADER}; empty refuses every POST"
    )


class LabIntakeParameters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    folder: str = Field(
        "", description="Folder watched for *.json files; each is moved to its subfolder 'taken'"
    )
    currency: str = Field("USD", pattern="^[A-Z]{3}$", description="Of orders that name none")
    account: str = Field(
        "DefaultAccount-IOMLabOrderIntakeProvider", description="Our account of every lab order"
    )
    price_list: str = Field("MasterPriceList", description="Our price list of every lab order")


class LabIntake:
    """One intake. It calls nobody: orders are posted to it or found in its folder."""

    def __init__(self, connection: Connection) -> None:
        self._key: str = connection.connection["api_key"]
        self._folder = (
            Path(connection.parameters["folder"]) if connection.parameters["folder"] else None
        )
        self._ours = {name: connection.parameters[name] for name in ("account", "price_list")}
        self._currency: str = connection.parameters["currency"]

    def close(self) -> None:
        return

    def probe(self) -> ProbeResult:
        """Which ways in are open. Raises ProviderRejected when none is, or the folder cannot be worked in."""
        ways = ["post"] if self._key else []
        if self._folder is not None:
            self._files(self._folder)
            if not os.access(self._folder, os.W_OK | os.X_OK):
                raise ProviderRejected(
                    "files cannot be moved", where=str(self._folder), remedy="allow writing to it"
                )
            ways.append("folder")
        if not ways:
            raise ProviderRejected(
                "no way in is open", where="connection", remedy="enter an api_key or a folder"
            )
        return ProbeResult(str(self._folder or "posted orders"), tuple(ways))

    def receive(self, headers: Mapping[str, str], body: bytes) -> WebhookResult:
        """One order, or a list of them: all are taken or, when one has no order number, none."""
        given = headers.get(KEY_HEADER.lower(), "")
        if not self._key or not hmac.compare_digest(given.encode(), self._key.encode()):
            raise Unauthenticated(
                f"{KEY_HEADER} does not hold this intake's key", remedy=f"send it in {KEY_HEADER}"
            )
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Invalid(
                f"the body is not JSON: {error}", where="body", remedy="send one order as JSON"
            ) from None
        orders = document if isinstance(document, list) else [document]
        for place, order in enumerate(orders):
            if not isinstance(order, dict) or not order.get("ordernumber"):
                raise Invalid(
                    "is not an order with an ordernumber",
                    where=f"[{place}]",
                    remedy="give every order one",
                )
        return WebhookResult(self._messages(orders, datetime.now(UTC), name=""))

    def pull(self, kind: str, checkpoint: str) -> Iterator[MessagePage]:
        """The folder's files, oldest first. A file leaves only after its page is stored; a repeated one is recognized.

        What is not an order is handed over all the same, so that it is parked where people see it.
        """
        if self._folder is None:
            return
        files = self._files(self._folder)
        for start in range(0, len(files), FILES_AT_ONCE):
            messages: list[RawMessage] = []
            done: list[Path] = []
            for file in files[start : start + FILES_AT_ONCE]:
                found = self._read(file)
                if found is not None:
                    messages += found
                    done.append(file)
            if done:
                yield MessagePage(messages, checkpoint)
                _put_away(done, self._folder / TAKEN)

    def _files(self, folder: Path) -> list[Path]:
        """Regular files only: a link could lead anywhere."""
        try:
            with os.scandir(folder) as entries:
                found = [
                    (entry.stat(follow_symlinks=False).st_mtime_ns, entry.name)
                    for entry in entries
                    if entry.name.endswith(".json") and entry.is_file(follow_symlinks=False)
                ]
        except OSError as error:
            what = f"the folder cannot be read: {error.strerror}"
            raise ProviderRejected(
                what, where=str(folder), remedy="correct the parameter or its permissions"
            ) from None
        return [folder / name for _, name in sorted(found)]

    def _read(self, file: Path) -> list[RawMessage] | None:
        """The file's orders; None for one that is still being written or went away meanwhile."""
        try:
            raw, changed = file.read_bytes(), datetime.fromtimestamp(file.stat().st_mtime, UTC)
        except FileNotFoundError:
            return None
        except OSError as error:
            what = f"cannot be read: {error.strerror}"
            raise ProviderRejected(
                what, where=str(file), remedy="allow reading it, or take it away"
            ) from None
        try:
            document = orjson.loads(raw)
        except orjson.JSONDecodeError:
            if (datetime.now(UTC) - changed).total_seconds() < STILL_BEING_WRITTEN_SECONDS:
                return None
            return [RawMessage("order", file.name, raw.decode("utf-8", "replace"))]
        return self._messages(
            document if isinstance(document, list) else [document], changed, name=file.name
        )

    def _messages(
        self, orders: Sequence[Any], received_at: datetime, *, name: str
    ) -> list[RawMessage]:
        """The version is the order as it was sent, so that a second delivery is the same one whenever it comes."""
        messages = []
        for order in orders:
            version = sha256(orjson.dumps(order, option=orjson.OPT_SORT_KEYS)).hexdigest()
            if not isinstance(order, dict):
                messages.append(
                    RawMessage("order", name, orjson.dumps(order).decode(), version=version)
                )
                continue
            more = {
                "received_at": received_at.isoformat(),
                "currency": order.get("currency") or self._currency,
            }
            key = str(order.get("ordernumber") or name)
            payload = {**_numbered(order), **self._ours, **more}
            messages.append(RawMessage("order", key, payload, version=version))
        return messages


def _numbered(order: Mapping[str, Any]) -> dict[str, Any]:
    """Lab orders do not number their lines; two of the same product must not be taken for one."""
    lines = order.get("orderdetails")
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        return dict(order)
    return {
        **order,
        "orderdetails": [
            {"linenumber": place, **line} for place, line in enumerate(lines, start=1)
        ],
    }


def _put_away(files: Sequence[Path], folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
        for file in files:
            file.replace(folder / file.name)
    except OSError as error:
        what = f"files taken in cannot be moved: {error.strerror}"
        raise ProviderRejected(
            what, where=str(folder), remedy="allow writing to the watched folder"
        ) from None


def connect(connection: Connection) -> LabIntake:
    """A connector for one intake."""
    return LabIntake(connection)
