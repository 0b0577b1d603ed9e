"""Fulfillment orders are sent by mail or by HTTP, and failures become provider errors."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import orjson
import pytest

from openiom.kernel import Invalid, ProviderDown, ProviderRejected, ProviderUnauthorized
from openiom.library.lab_fulfillment import PROVIDER
from openiom.provider_contract import Call, CallResult
from openiom.testing import (
    ExternalSystem,
    RecordedCalls,
    connect,
    provider_contract,
    unreachable_address,
)

TO = "warehouse@example.com"
ACTIONS = {action.name: action for action in PROVIDER.actions}


@dataclass
class MailServer:
    """Accept mail; `answers` replace the response to a command: {"RCPT": "550 no such mailbox"}."""

    port: int
    mails: list[Message] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    connections: int = 0


@contextmanager
def a_mail_server(
    address: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[MailServer]:
    class Session(StreamRequestHandler):
        def setup(self) -> None:
            if tls is not None:
                self.request = tls.wrap_socket(self.request, server_side=True)

            super().setup()

        def finish(self) -> None:
            super().finish()
            self.request.close()

        def handle(self) -> None:
            server.connections += 1
            self.say(server.answers.get("CONNECT", "220 mail"))

            while line := self.rfile.readline():
                verb = line[:4].decode().strip().upper()
                if verb in server.answers:
                    self.say(server.answers[verb])
                elif verb == "DATA":
                    self.say("354 go on")
                    lines = iter(self.rfile.readline, b".\r\n")
                    server.mails.append(message_from_bytes(b"".join(lines), policy=default))
                    self.say("250 taken")
                else:
                    self.say(
                        "221 bye"
                        if verb == "QUIT"
                        else "250-mail\r\n250 AUTH PLAIN"
                        if verb == "EHLO"
                        else "250 ok"
                    )

                if verb == "QUIT":
                    return

        def say(self, text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")

    with ThreadingTCPServer((address, port), Session) as listening:
        server = MailServer(listening.server_address[1])
        thread = threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        listening.shutdown()
        thread.join()


@dataclass
class Bin:
    """Keeps what is posted; answers `status` and `body`."""

    url: str
    posts: list[tuple[str, str, Any]] = field(default_factory=list)
    status: int = 200
    body: bytes = b'{"id": "BIN-1"}'


@contextmanager
def a_bin() -> Iterator[Bin]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = orjson.loads(self.rfile.read(int(self.headers["content-length"])))
            kept.posts.append((self.path, self.headers["idempotency-key"], body))
            self.do_GET()

        def do_GET(self) -> None:
            self.send_response(kept.status if self.command == "POST" else 405)
            self.send_header("content-length", str(len(kept.body)))
            self.end_headers()
            self.wfile.write(kept.body)

        def log_message(self, format: str, *arguments: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        kept = Bin(f"http://127.0.0.1:{listening.server_port}/lab")
        thread = threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield kept
        listening.shutdown()
        thread.join()


def by_mail(port: int, **more: Any) -> dict[str, Any]:
    return {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none", **more}


@contextmanager
def a_site() -> Iterator[ExternalSystem]:
    with a_mail_server() as server:
        server.answers["AUTH"] = "235 welcome"
        signed_in = by_mail(server.port, smtp_user="lab", smtp_password="right-word")

        with a_mail_server() as strict:
            strict.answers["AUTH"] = "535 who are you"
            refused = by_mail(strict.port, smtp_user="lab", smtp_password="wrong-word")
            yield ExternalSystem(
                signed_in, refused, by_mail(unreachable_address()[1]), {"outbound_email": TO}
            )


class TestContract(
    provider_contract(PROVIDER, golden=Path(__file__).with_name("golden"), site=a_site)
):
    pass


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with a_mail_server() as server:
        yield server


@pytest.fixture
def kept() -> Iterator[Bin]:
    with a_bin() as one:
        yield one


def call(attempt: int = 1, number: str = "FO-1-1") -> Call:
    header = {"number": number, "source": "SEA", "ship_to": {"city": "Bellevue"}}
    lines = [
        {"line_reference": f"l-{i}", "product": "Barista Home", "unit": "ea", "quantity": 110}
        for i in (1, 2)
    ]
    return Call("key-1", {"header": header, "lines": lines}, attempt)


def email(connection: dict[str, Any], one: Call, report: RecordedCalls | None = None) -> CallResult:
    parameters = {"outbound_email": TO, "timeout_seconds": 2}
    with closing(connect(PROVIDER, connection, parameters, report=report)) as fulfiller:
        [result] = ACTIONS["email_fulfillment_order"].run(fulfiller, [one])
        return result


def post(url: str, one: Call) -> CallResult:
    with closing(connect(PROVIDER, {"url": url}, {"timeout_seconds": 1})) as fulfiller:
        [result] = ACTIONS["post_fulfillment_order"].run(fulfiller, [one])
        return result


def test_the_header_is_mailed_first_then_each_line_over_one_connection(mail: MailServer) -> None:
    heard = RecordedCalls()
    result = email(by_mail(mail.port), call(), heard)
    assert (result.error, result.response) == (None, {"mails": 3})
    assert [(one.method, one.status, one.error) for one in heard] == [("MAIL", 250, "")]
    assert [m["subject"] for m in mail.mails] == [
        "Fulfillment order FO-1-1",
        "Fulfillment order FO-1-1, line 1 of 2",
        "Fulfillment order FO-1-1, line 2 of 2",
    ]
    assert {m["to"] for m in mail.mails} == {TO}
    assert orjson.loads(mail.mails[2].get_content())["line_reference"] == "l-2"  # type: ignore[attr-defined]
    assert mail.connections == 1
    assert [(c.method, c.error) for c in heard] == [("MAIL", "")]


def test_a_repetition_is_mailed_under_the_same_message_ids(mail: MailServer) -> None:
    email(by_mail(mail.port), call())
    email(by_mail(mail.port), call(attempt=2))
    ids = [m["message-id"] for m in mail.mails]
    assert ids[:3] == ids[3:]
    assert len(set(ids)) == 3


def test_a_line_break_in_a_number_makes_no_header(mail: MailServer) -> None:
    assert email(by_mail(mail.port), call(number="FO-1\r\nBcc: thief@example.com")).error is None
    assert mail.mails[0]["bcc"] is None
    assert mail.mails[0]["subject"] == "Fulfillment order FO-1 Bcc: thief@example.com"


@pytest.mark.parametrize(
    ("command", "answer", "kind"),
    [
        ("RCPT", "550 nobody here", ProviderRejected),
        ("RCPT", "450 mailbox busy", ProviderDown),
        ("MAIL", "553 not from you", ProviderRejected),
        ("DATA", "554 looks like junk", ProviderRejected),
        ("DATA", "452 disk full", ProviderDown),
        ("CONNECT", "421 come back later", ProviderDown),
        ("CONNECT", "554 go away", ProviderRejected),
    ],
)
def test_each_refusal_of_the_mail_server_raises_its_error(
    mail: MailServer, command: str, answer: str, kind: type[Exception]
) -> None:
    mail.answers[command] = answer
    heard = RecordedCalls()
    error = email(by_mail(mail.port), call(), heard).error
    assert type(error) is kind
    assert answer[4:] in str(error)
    assert answer[4:] in heard[-1].error
    assert heard[-1].status is None
    assert mail.mails == []


def test_a_wrong_mail_password_concerns_the_connection_and_is_not_told(mail: MailServer) -> None:
    mail.answers["AUTH"] = "535 no"
    heard = RecordedCalls()
    error = email(by_mail(mail.port, smtp_user="u", smtp_password="pass-word"), call(), heard).error
    assert isinstance(error, ProviderUnauthorized)
    assert "pass-word" not in f"{error} {heard}"


def test_a_server_without_encryption_is_not_mailed_to_when_it_is_asked_for(
    mail: MailServer,
) -> None:
    error = email(by_mail(mail.port) | {"smtp_security": "starttls"}, call()).error
    assert isinstance(error, ProviderRejected)
    assert mail.mails == []


def test_a_silent_mail_server_is_an_outage() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = email(by_mail(silent.getsockname()[1]), call()).error
    assert isinstance(error, ProviderDown)


def test_header_and_lines_are_posted_each_under_its_own_key(kept: Bin) -> None:
    result = post(kept.url, call())
    assert (result.error, result.external_id) == (None, "BIN-1")
    (first, key_1, header), (second, key_2, lines) = kept.posts
    assert (first, second) == ("/lab/CreateFulfillmentOrder", "/lab/CreateFulfillmentOrderLines")
    assert (key_1, key_2) == ("key-1-header", "key-1-lines")
    assert header["number"] == lines["number"] == "FO-1-1"
    assert [line["line_reference"] for line in lines["lines"]] == ["l-1", "l-2"]


def test_a_bin_that_answers_text_has_taken_the_order(kept: Bin) -> None:
    kept.body = b"OK"
    assert post(kept.url, call()).error is None
    assert len(kept.posts) == 2


@pytest.mark.parametrize(
    ("status", "kind"), [(500, ProviderDown), (422, ProviderRejected), (401, ProviderUnauthorized)]
)
def test_a_bin_that_refuses_the_header_gets_no_lines(
    kept: Bin, status: int, kind: type[Exception]
) -> None:
    kept.status = status
    assert type(post(kept.url, call()).error) is kind
    assert len(kept.posts) == 1


def test_an_action_whose_way_is_not_set_up_is_rejected_with_what_to_enter(
    kept: Bin, mail: MailServer
) -> None:
    assert isinstance(email({"url": kept.url}, call()).error, ProviderRejected)
    with closing(connect(PROVIDER, by_mail(mail.port))) as fulfiller:
        [result] = ACTIONS["post_fulfillment_order"].run(fulfiller, [call()])
    assert isinstance(result.error, ProviderRejected)
    assert mail.mails == kept.posts == []


def test_a_probe_proves_the_ways_that_are_set_up_and_only_those(
    kept: Bin, mail: MailServer
) -> None:
    for connection, ways in (
        ({"url": kept.url}, ("post",)),
        (by_mail(mail.port), ("email",)),
        (by_mail(mail.port) | {"url": kept.url}, ("email", "post")),
    ):
        with closing(connect(PROVIDER, connection, {"outbound_email": TO})) as fulfiller:
            assert fulfiller.probe().scopes == ways

    with closing(connect(PROVIDER, {})) as fulfiller, pytest.raises(ProviderRejected):
        fulfiller.probe()

    assert mail.mails == kept.posts == []


def test_an_address_that_is_none_is_invalid() -> None:
    with pytest.raises(Invalid):
        connect(PROVIDER, {"url": "ftp://example.com"})
