"""Users, their sessions, and API tokens."""

from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher

from openiom.administration import delete_expired, issue_token, upsert_client, upsert_users
from openiom.administration.service import (
    api_token_of,
    api_tokens,
    display_name,
    is_use_to_be_recorded,
    principal_of_token,
    record_use,
    revoke_token,
    sign_in,
    sign_out,
    token_hash,
)
from openiom.kernel import Invalid, NotFound, Unauthenticated
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
        [row] = fetch(session, "SELECT email, name, roles FROM administration.user")
        return row


def test_a_user_is_created_and_then_replaced_by_e_mail_address(
    database_with_ann: Database,
) -> None:
    assert user(database_with_ann) == (EMAIL, "Ann Lee", ["viewer"])

    with database_with_ann.unit_of_work() as session:
        upsert_users(
            session, [(EMAIL.lower(), "Ann Smith", "another horse", ["integrator", "viewer"])]
        )

    assert user(database_with_ann) == (EMAIL, "Ann Smith", ["integrator", "viewer"])
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


def test_a_new_password_ends_the_sessions_of_its_user_only(database_with_ann: Database) -> None:
    with database_with_ann.unit_of_work() as session:
        upsert_users(session, [("bob@example.com", "Bob", PASSWORD, ["viewer"])])

    of_ann = enter(database_with_ann)
    of_bob = enter(database_with_ann, email="bob@example.com")
    assert of_ann is not None
    assert of_bob is not None

    with database_with_ann.unit_of_work() as session:
        upsert_users(session, [(EMAIL, "Ann Lee", "another horse", ["viewer"])])

    with database_with_ann.reading() as session:
        with pytest.raises(Unauthenticated):
            principal_of_token(session, of_ann, NOW)
        assert principal_of_token(session, of_bob, NOW).name == "bob@example.com"


def test_a_hash_of_older_parameters_is_replaced_at_the_next_sign_in(
    database_with_ann: Database,
) -> None:
    older = PasswordHasher(time_cost=1, memory_cost=64, parallelism=2).hash(PASSWORD)
    with database_with_ann.unit_of_work() as session:
        execute(session, "UPDATE administration.user SET password_hash = %s", (older,))

    assert enter(database_with_ann) is not None
    with database_with_ann.reading() as session:
        [(stored,)] = fetch(session, "SELECT password_hash FROM administration.user")
    assert "m=19456,t=2,p=1" in stored
    assert enter(database_with_ann) is not None


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

        principal = principal_of_token(session, token, NOW + timedelta(days=89))

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


@pytest.mark.parametrize(("days", "valid"), [(0, True), (29.9, True), (30, False), (31, False)])
def test_a_token_expires_after_its_days(database: Database, days: float, valid: bool) -> None:
    with database.unit_of_work() as session:
        lifetime = timedelta(days=30)
        token = issue_token(
            session, name="robot", roles=["viewer"], now=NOW, actor="ann", lifetime=lifetime
        )

    now = NOW + timedelta(days=days)
    with database.reading() as session:
        if valid:
            assert principal_of_token(session, token, now).name == "token robot"
            return

        with pytest.raises(Unauthenticated, match="the token robot has expired"):
            principal_of_token(session, token, now)


def test_expired_tokens_are_listed_for_a_month(database: Database) -> None:
    with database.unit_of_work() as session:
        issue_token(session, name="old", roles=["viewer"], now=NOW, actor="ann")
        issue_token(
            session,
            name="new",
            roles=["viewer"],
            now=NOW,
            actor="ann",
            lifetime=timedelta(days=91),
        )
        delete_expired(session, NOW + timedelta(days=120, seconds=1))

        assert [token.name for token in api_tokens(session)] == ["new"]


def test_the_last_use_of_a_token_is_exact_to_ten_minutes(database: Database) -> None:
    with database.unit_of_work() as session:
        token = issue_token(session, name="robot", roles=["viewer"], now=NOW, actor="ann")

    def due(minutes: float) -> bool:
        with database.reading() as session:
            return is_use_to_be_recorded(
                api_token_of(session, token), NOW + timedelta(minutes=minutes)
            )

    assert due(0)
    with database.unit_of_work() as session:
        record_use(session, token, NOW)

    assert (due(1), due(10), due(10.1)) == (False, False, True)
    with database.reading() as session:
        assert api_token_of(session, "iom_unknown") is None
        assert api_token_of(session, "a session") is None
        assert not is_use_to_be_recorded(None, NOW)
        [listed] = api_tokens(session)
    assert (listed.name, listed.last_used_at) == ("robot", NOW)


def test_a_revoked_token_is_refused(database: Database) -> None:
    with database.unit_of_work() as session:
        token = issue_token(session, name="robot", roles=["viewer"], now=NOW, actor="ann")
        kept = issue_token(session, name="scanner", roles=["viewer"], now=NOW, actor="ann")
        revoke_token(session, "robot")

    with database.unit_of_work() as session:
        with pytest.raises(Unauthenticated):
            principal_of_token(session, token, NOW)
        with pytest.raises(NotFound, match="no API token robot"):
            revoke_token(session, "robot")
        assert principal_of_token(session, kept, NOW).name == "token scanner"


def test_a_principal_without_a_user_shows_its_own_name(database: Database) -> None:
    with database.reading() as session:
        assert display_name(session, Principal("client pos", frozenset())) == "client pos"
