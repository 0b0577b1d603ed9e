"""Users, their sessions, and API tokens."""

from datetime import UTC, datetime, timedelta

import pytest

from openiom.administration import delete_expired, issue_token, upsert_client, upsert_users
from openiom.administration.service import (
    display_name,
    principal_of_token,
    sign_in,
    sign_out,
    token_hash,
)
from openiom.kernel import Invalid, Unauthenticated
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database
from openiom.platform.http import Principal

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
EMAIL = "Ann@Example.com"
PASSWORD = "correct horse"


@pytest.fixture
def database_with_ann(database: Database) -> Database:
    with database.unit_of_work() as session:
        upsert_users(session, [(EMAIL, "Ann Lee", PASSWORD, ["viewer"])])
    return database


def enter(
    database: Database, password: str = PASSWORD, *, email: str = EMAIL, after: float = 0
) -> str | None:
    """Return the token of a new session, None when the sign-in failed."""
    now = NOW + timedelta(seconds=after)
    with database.unit_of_work() as session:
        opened = sign_in(session, email=email, password=password, now=now, hours=1)
    return opened[0] if opened else None


def user(database: Database) -> tuple[object, ...]:
    with database.reading() as session:
        [row] = fetch(
            session, "SELECT email, name, roles, failures, locked_until FROM administration.user"
        )
        return row


def test_a_user_is_created_and_then_replaced_by_e_mail_address(
    database_with_ann: Database,
) -> None:
    assert user(database_with_ann) == (EMAIL, "Ann Lee", ["viewer"], 0, None)

    with database_with_ann.unit_of_work() as session:
        upsert_users(
            session, [(EMAIL.lower(), "Ann Smith", "another horse", ["integrator", "viewer"])]
        )

    assert user(database_with_ann) == (EMAIL, "Ann Smith", ["integrator", "viewer"], 0, None)
    assert enter(database_with_ann) is None
    assert enter(database_with_ann, "another horse") is not None


@pytest.mark.parametrize(("password", "accepted"), [("a" * 7, False), ("a" * 8, True)])
def test_a_password_has_at_least_eight_characters(
    database: Database, password: str, accepted: bool
) -> None:
    with database.unit_of_work() as session:
        if accepted:
            upsert_users(session, [("bob@example.com", "Bob", password, ["viewer"])])
            return

        with pytest.raises(Invalid) as refused:
            upsert_users(session, [("bob@example.com", "Bob", password, ["viewer"])])

    assert refused.value.what == "the password is too short"
    assert refused.value.remedy == "use at least 8 characters"


@pytest.mark.parametrize("address", ["bob", "@example.com", "bob@", "@", ""])
def test_an_address_without_name_or_domain_is_refused(database: Database, address: str) -> None:
    with database.unit_of_work() as session, pytest.raises(Invalid, match="not an e-mail address"):
        upsert_users(session, [(address, "Bob", PASSWORD, ["viewer"])])


def test_unknown_roles_are_refused_everywhere(database: Database) -> None:
    with database.unit_of_work() as session:
        with pytest.raises(Invalid, match=r"no role king.*use one of administrator, integrator"):
            upsert_users(session, [(EMAIL, "Ann Lee", PASSWORD, ["viewer", "king"])])

        with pytest.raises(Invalid, match="no role king"):
            issue_token(session, name="robot", roles=["king"], now=NOW, actor="test")

        with pytest.raises(Invalid, match="no role king"):
            upsert_client(session, name="pos", roles=["king"], now=NOW, actor="test")

    with database.reading() as session:
        assert fetch(session, "SELECT count(*) FROM administration.user") == [(0,)]


def test_a_session_belongs_to_the_user_whatever_the_case_of_the_address(
    database_with_ann: Database,
) -> None:
    with database_with_ann.unit_of_work() as session:
        opened = sign_in(session, email=EMAIL.upper(), password=PASSWORD, now=NOW, hours=12)
        assert opened is not None
        token, principal = opened

        assert principal.name == EMAIL
        assert "orders.read" in principal.permissions
        assert "orders.write" not in principal.permissions
        assert principal_of_token(session, token, NOW) == principal
        assert display_name(session, principal) == "Ann Lee"


@pytest.mark.parametrize(("minutes", "valid"), [(0, True), (59, True), (60, False), (61, False)])
def test_a_session_expires_after_its_hours(
    database_with_ann: Database, minutes: int, valid: bool
) -> None:
    token = enter(database_with_ann)
    assert token is not None
    now = NOW + timedelta(minutes=minutes)

    with database_with_ann.reading() as session:
        if valid:
            assert principal_of_token(session, token, now).name == EMAIL
            return

        with pytest.raises(Unauthenticated, match="unknown or has expired"):
            principal_of_token(session, token, now)


def test_signing_out_ends_one_session_only(database_with_ann: Database) -> None:
    first = enter(database_with_ann)
    second = enter(database_with_ann)
    assert first is not None
    assert second is not None

    with database_with_ann.unit_of_work() as session:
        sign_out(session, first)
        with pytest.raises(Unauthenticated):
            principal_of_token(session, first, NOW)

        assert principal_of_token(session, second, NOW).name == EMAIL


def test_an_inactive_user_neither_signs_in_nor_stays_signed_in(
    database_with_ann: Database,
) -> None:
    token = enter(database_with_ann)
    assert token is not None

    with database_with_ann.unit_of_work() as session:
        execute(session, "UPDATE administration.user SET active = false")

    assert enter(database_with_ann) is None
    with database_with_ann.reading() as session, pytest.raises(Unauthenticated):
        principal_of_token(session, token, NOW)


def test_an_unknown_address_or_a_wrong_password_does_not_sign_in(
    database_with_ann: Database,
) -> None:
    assert enter(database_with_ann, email="eve@example.com") is None
    assert enter(database_with_ann, "wrong") is None
    assert user(database_with_ann)[3] == 1


def test_eight_failures_in_a_row_lock_the_account_for_a_minute(
    database_with_ann: Database,
) -> None:
    for _ in range(8):
        assert enter(database_with_ann, "wrong") is None

    assert user(database_with_ann)[3:] == (8, NOW + timedelta(minutes=1))

    assert enter(database_with_ann, after=59) is None
    assert user(database_with_ann)[3:] == (9, NOW + timedelta(minutes=1))
    assert enter(database_with_ann, after=60) is not None
    assert user(database_with_ann)[3:] == (0, None)


def test_seven_failures_do_not_lock(database_with_ann: Database) -> None:
    for _ in range(7):
        enter(database_with_ann, "wrong")

    assert enter(database_with_ann) is not None
    assert user(database_with_ann)[3] == 0


def test_expired_sessions_are_deleted_and_others_stay(database_with_ann: Database) -> None:
    first = enter(database_with_ann)
    second = enter(database_with_ann, after=60)
    assert first is not None
    assert second is not None
    with database_with_ann.unit_of_work() as session:
        delete_expired(session, NOW + timedelta(hours=1, seconds=1))
        rows = fetch(session, "SELECT token_hash FROM administration.session")
    assert rows == [(token_hash(second),)]


def test_an_api_token_has_the_permissions_of_its_roles(database: Database) -> None:
    with database.unit_of_work() as session:
        token = issue_token(session, name="robot", roles=["viewer"], now=NOW, actor="ann")

        principal = principal_of_token(session, token, NOW + timedelta(days=4_000))

        assert token.startswith("iom_")
        assert principal.name == "token robot"
        assert principal.may("orders.read")
        assert not principal.may("orders.write")
        assert display_name(session, principal) == "token robot"
        rows = fetch(
            session, "SELECT name, roles, created_at, created_by FROM administration.api_token"
        )
        assert rows == [("robot", ["viewer"], NOW, "ann")]


def test_a_new_api_token_replaces_the_older_one_of_its_name(database: Database) -> None:
    with database.unit_of_work() as session:
        first = issue_token(session, name="robot", roles=["viewer"], now=NOW, actor="ann")
        second = issue_token(session, name="robot", roles=["administrator"], now=NOW, actor="ann")

        assert principal_of_token(session, second, NOW).permissions == frozenset({"*"})
        with pytest.raises(Unauthenticated):
            principal_of_token(session, first, NOW)


@pytest.mark.parametrize("token", ["", "iom_", "iom_unknown", "unknown", "\0"])
def test_an_unknown_token_is_refused(database: Database, token: str) -> None:
    with database.reading() as session, pytest.raises(Unauthenticated) as refused:
        principal_of_token(session, token, NOW)
    assert refused.value.remedy == "sign in again"


def test_neither_passwords_nor_tokens_are_stored_in_clear(database_with_ann: Database) -> None:
    session_token = enter(database_with_ann)
    with database_with_ann.unit_of_work() as session:
        api_token = issue_token(session, name="robot", roles=["viewer"], now=NOW, actor="test")
        [(stored,)] = fetch(
            session,
            "SELECT (SELECT string_agg(u::text, '') FROM administration.user u)"
            " || (SELECT string_agg(s::text, '') FROM administration.session s)"
            " || (SELECT string_agg(t::text, '') FROM administration.api_token t)",
        )

    for secret in (PASSWORD, session_token, api_token):
        assert secret
        assert secret not in stored


def test_a_principal_without_a_user_shows_its_own_name(database: Database) -> None:
    with database.reading() as session:
        assert display_name(session, Principal("client pos", frozenset())) == "client pos"
