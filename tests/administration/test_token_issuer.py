"""Assertions and access tokens are signed, expire, and do not pass for each other."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from joserfc import jwt

from openiom.administration import TokenIssuer
from openiom.administration.token_issuer import looks_signed
from openiom.kernel import Forbidden, Unauthenticated
from openiom.platform.secrets import SigningKeys

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
KEYS = [Fernet.generate_key().decode() for _ in range(2)]


def issuer(*keys: str, environment: str = "prod") -> TokenIssuer:
    return TokenIssuer.of(SigningKeys(list(keys)), environment=environment)


@pytest.fixture
def prod() -> TokenIssuer:
    return issuer(KEYS[0])


def access_token(made_by: TokenIssuer, *, now: datetime = NOW) -> str:
    return made_by.access_token(
        client_id="42", name="pos", permissions=["orders.read", "inventory.read"], now=now
    )


def test_an_assertion_names_its_client(prod: TokenIssuer) -> None:
    assertion = prod.assertion(client_id="42", tenant="contoso", now=NOW)

    assert prod.client_of(assertion, now=NOW) == "42"
    claims = jwt.decode(assertion, prod.assertion_keys[0], algorithms=["HS256"]).claims
    assert claims == {
        "sub": "42",
        "tid": "contoso",
        "iss": "openiom",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 3599,
    }


def test_an_access_token_carries_permissions_and_environment(prod: TokenIssuer) -> None:
    token = access_token(prod)

    access = prod.access(token, now=NOW)
    assert (access.client_id, access.issued_at) == ("42", int(NOW.timestamp()))
    assert access.principal.name == "client pos"
    assert access.principal.permissions == {"inventory.read", "orders.read"}
    claims = jwt.decode(token, prod.access_keys[0], algorithms=["HS256"]).claims
    assert claims == {
        "sub": "42",
        "name": "pos",
        "environment": "prod",
        "permissions": ["inventory.read", "orders.read"],
        "iss": "openiom",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 3600,
    }


@pytest.mark.parametrize(("seconds", "valid"), [(0, True), (3599, True), (3600, False)])
def test_an_access_token_expires_after_an_hour(
    prod: TokenIssuer, seconds: int, valid: bool
) -> None:
    token = access_token(prod)
    now = NOW + timedelta(seconds=seconds)

    if valid:
        assert prod.access(token, now=now).principal.name == "client pos"
        return

    with pytest.raises(Unauthenticated) as refused:
        prod.access(token, now=now)

    assert refused.value.what == "this token has expired"
    assert refused.value.remedy == "request a new one"


@pytest.mark.parametrize(("seconds", "valid"), [(3598, True), (3599, False)])
def test_an_assertion_expires_a_second_earlier(
    prod: TokenIssuer, seconds: int, valid: bool
) -> None:
    assertion = prod.assertion(client_id="42", tenant="contoso", now=NOW)
    now = NOW + timedelta(seconds=seconds)

    if valid:
        assert prod.client_of(assertion, now=now) == "42"
        return

    with pytest.raises(Unauthenticated, match="has expired"):
        prod.client_of(assertion, now=now)


def test_neither_token_is_accepted_as_the_other(prod: TokenIssuer) -> None:
    with pytest.raises(Unauthenticated, match="was not issued here"):
        prod.client_of(access_token(prod), now=NOW)
    with pytest.raises(Unauthenticated, match="was not issued here"):
        prod.access(prod.assertion(client_id="42", tenant="contoso", now=NOW), now=NOW)


def test_a_token_of_another_environment_is_forbidden(prod: TokenIssuer) -> None:
    token = access_token(issuer(KEYS[0], environment="test"))

    with pytest.raises(Forbidden) as refused:
        prod.access(token, now=NOW)
    assert refused.value.what == "this token is for the environment test, not for prod"
    assert refused.value.remedy == "request a token with the context prod"


def test_tokens_of_an_older_key_are_accepted_and_new_ones_use_the_newest(
    prod: TokenIssuer,
) -> None:
    rotated = issuer(KEYS[1], KEYS[0])

    assert rotated.access(access_token(prod), now=NOW).principal.name == "client pos"
    with pytest.raises(Unauthenticated):
        prod.access(access_token(rotated), now=NOW)


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "..", "é.é.é"])
def test_text_that_is_no_token_is_refused(prod: TokenIssuer, token: str) -> None:
    with pytest.raises(Unauthenticated, match="was not issued here"):
        prod.access(token, now=NOW)


def test_a_changed_token_is_refused(prod: TokenIssuer) -> None:
    head, claims, signature = access_token(prod).split(".")
    last = "A" if signature[-1] != "A" else "E"

    with pytest.raises(Unauthenticated):
        prod.access(f"{head}.{claims}.{signature[:-1]}{last}", now=NOW)


@pytest.mark.parametrize(
    ("token", "signed"),
    [("a.b.c", True), ("a.b", False), ("a.b.c.d", False), ("iom_abc", False), ("", False)],
)
def test_signed_tokens_are_recognized_by_their_three_parts(token: str, signed: bool) -> None:
    assert looks_signed(token) is signed
