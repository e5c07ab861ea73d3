"""Rows that signing in, binding a phone and looking after one's login write alike."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from volunteer.domain.refusals import Refusal, Refused
from volunteer.domain.sign_in import SESSION_DAYS, Identity, IdentityKind, Tries, decide_try
from volunteer.domain.tokens import session_token_hash
from volunteer.store.database import Tx
from volunteer.store.models import Login, RoleGrant, SignInSession, SignInThrottle
from volunteer.store.models.base import table_of

# A hash of nothing anybody knows: an unknown number is compared with it, for the same time.
NOBODYS_HASH = (
    "scrypt:32768:8:1$c1Yt8mQxkF2ZrV0d$"
    "6f0d1b5c7e9a43218d0f6b2c5a7e9148d3c6b5a4f7e8091a2b3c4d5e6f708192"
    "a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192"
)


@dataclass(frozen=True)
class StoredLogin:
    id: int
    phone: str | None
    passbook_number: str | None
    secret_hash: str | None
    active: bool


def load_login(tx: Tx, identity: Identity) -> StoredLogin | None:
    """The login that signs in with this phone or passbook number."""
    column = Login.phone if identity.kind is IdentityKind.PHONE else Login.passbook_number
    found = tx.execute(
        select(
            Login.id, Login.phone, Login.passbook_number, Login.secret_hash, Login.deactivated_at
        ).where(column == identity.value)
    ).first()
    if found is None:
        return None
    return StoredLogin(
        found.id,
        found.phone,
        found.passbook_number,
        found.secret_hash,
        found.deactivated_at is None,
    )


def record_session(tx: Tx, login_id: int, token: str, browser: str, now: datetime) -> None:
    """A browser that is signed in from now on, for as long as a cookie may live."""
    tx.run(
        insert(SignInSession).values(
            login_id=login_id,
            token_hash=session_token_hash(token),
            browser=browser[:120] or None,
            created_at=now,
            last_seen_at=now,
            expires_at=now + timedelta(days=SESSION_DAYS),
        )
    )


def record_sessions_revoked(
    tx: Tx, login_id: int, now: datetime, *, but_session_id: int | None = None
) -> None:
    """Sign a login out everywhere, or everywhere else."""
    revoking = update(SignInSession).where(
        SignInSession.login_id == login_id, SignInSession.revoked_at.is_(None)
    )
    if but_session_id is not None:
        revoking = revoking.where(SignInSession.id != but_session_id)
    tx.run(revoking.values(revoked_at=now))


def record_secret(tx: Tx, login_id: int, secret_hash: str, *, is_pin: bool) -> None:
    """A new PIN or password; ``secret_hash`` was made before the write lock was taken."""
    kind = "pin" if is_pin else "password"
    tx.run(
        update(Login).where(Login.id == login_id).values(secret_hash=secret_hash, secret_kind=kind)
    )


def holds_a_role(tx: Tx, login_id: int, today: date) -> bool:
    """Whether a login has a staff role today or later."""
    held = select(RoleGrant.id).where(
        RoleGrant.login_id == login_id,
        RoleGrant.revoked_at.is_(None),
        or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on >= today),
    )
    return tx.execute(held).first() is not None


def throttle_key(key: bytes, identity: str, browser_nonce: str | None) -> bytes:
    """What tries are counted under; ``key`` is ``Keys.sign_in_throttle``.

    ``browser_nonce`` is that of a browser the owner has used before, None for any other.
    """
    return hmac.digest(key, f"{browser_nonce or ''}:{identity}".encode(), "sha256")


def record_try(tx: Tx, key_hash: bytes, now: datetime) -> None:
    """Count one more try before the secret is compared. Raises Refused: ``throttled``."""
    table = table_of(SignInThrottle)
    start = {"key_hash": key_hash, "failures": 0, "tried_at": now, "blocked_until": None}
    dialect = sqlite if tx.dialect == "sqlite" else postgresql
    # Made and locked by one statement: two tries at once are counted one after the other, and a
    # right secret cannot forget the row between the two.
    row = tx.run(
        dialect.insert(table)
        .values(start)
        .on_conflict_do_update(
            index_elements=[table.c.key_hash], set_={"failures": table.c.failures}
        )
        .returning(table.c.failures, table.c.tried_at, table.c.blocked_until)
    ).one()
    tries = decide_try(Tries(row.failures, row.tried_at, row.blocked_until), now)
    if isinstance(tries, Refusal):
        raise Refused(tries)
    tx.run(
        update(SignInThrottle)
        .where(SignInThrottle.key_hash == key_hash)
        .values(failures=tries.failures, tried_at=tries.tried_at, blocked_until=tries.blocked_until)
    )


def record_tries_forgotten(tx: Tx, key_hash: bytes) -> None:
    """The right secret came: earlier slips no longer count."""
    tx.run(delete(SignInThrottle).where(SignInThrottle.key_hash == key_hash))
