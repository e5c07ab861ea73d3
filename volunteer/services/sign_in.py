"""Signing in: a phone or a passbook number, with a password or a PIN."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from werkzeug.security import check_password_hash

from volunteer.domain.access import Scope
from volunteer.domain.pin import PASSWORD_LONGEST, normal_secret
from volunteer.domain.refusals import Code, Refusal, Refused, refuse
from volunteer.domain.sign_in import FORGET_AFTER_DAYS, Identity, parse_identity
from volunteer.domain.tokens import Keys, session_token_hash
from volunteer.store.database import Tx, transact
from volunteer.store.logins import (
    NOBODYS_HASH,
    StoredLogin,
    load_login,
    record_session,
    record_tries_forgotten,
    record_try,
    throttle_key,
)
from volunteer.store.models import SignInSession, SignInThrottle


@dataclass(frozen=True)
class Browser:
    """Where a sign-in comes from.

    ``nonce`` and ``login_ids`` are from the signed cookie of a browser that has signed in before;
    ``old_token`` is the session it holds now, which the new one replaces.
    """

    words: str = ""
    nonce: str | None = None
    login_ids: tuple[int, ...] = ()
    old_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class SignedIn:
    """``token`` is for the browser's session cookie; it is stored nowhere."""

    login_id: int
    token: str = field(repr=False)


def sign_in(typed: str, secret: str, browser: Browser, *, keys: Keys, now: datetime) -> SignedIn:
    """A new session for whom ``typed`` and ``secret`` belong to.

    Raises Refused: ``sign_in_failed`` for an unknown number, a wrong secret, a deactivated login,
    after the same time; ``throttled``, likewise for numbers that belong to nobody;
    ``phone_invalid`` or ``number_invalid`` for what cannot be a number at all.

    Two transactions: the try is counted for good before the secret is compared, and the tenth of a
    second that a comparison takes must not be spent holding the write lock.
    """
    identity = parse_identity(typed)
    if isinstance(identity, Refusal):
        raise Refused(identity)
    login, key_hash = _counted_try(identity, browser, keys, now)
    secret = normal_secret(secret[: 4 * PASSWORD_LONGEST])
    known_hash = login.secret_hash if login and login.active else None
    fits = check_password_hash(known_hash or NOBODYS_HASH, secret)
    if login is None or known_hash is None or not fits:
        raise refuse(Code.SIGN_IN_FAILED)
    token = secrets.token_urlsafe(32)

    def work(tx: Tx) -> SignedIn:
        record_tries_forgotten(tx, key_hash)
        if browser.old_token:
            _end_session(tx, browser.old_token, now)
        record_session(tx, login.id, token, browser.words, now)
        return SignedIn(login.id, token)

    return transact(work, Scope.everything())


def sign_out(token: str, *, now: datetime) -> None:
    """End the session that a browser holds; a token that is none does no harm."""
    transact(lambda tx: _end_session(tx, token, now), Scope.everything())


def record_seen(session_id: int, *, now: datetime) -> None:
    """Note that a browser is still in use; called at most once a day for each."""

    def work(tx: Tx) -> None:
        tx.run(update(SignInSession).where(SignInSession.id == session_id).values(last_seen_at=now))

    transact(work, Scope.everything())


def forget_old_tries(*, now: datetime) -> int:
    """Timed work: drop counts that no longer matter. Gives how many there were."""
    before = now - timedelta(days=FORGET_AFTER_DAYS)

    def work(tx: Tx) -> int:
        return tx.run(delete(SignInThrottle).where(SignInThrottle.tried_at < before)).rowcount

    return transact(work, Scope.everything())


def _counted_try(
    identity: Identity, browser: Browser, keys: Keys, now: datetime
) -> tuple[StoredLogin | None, bytes]:
    """The login meant, if there is one, and the key its tries are counted under."""

    def work(tx: Tx) -> tuple[StoredLogin | None, bytes]:
        login = load_login(tx, identity)
        used_before = login is not None and login.id in browser.login_ids
        nonce = browser.nonce if used_before else None
        key_hash = throttle_key(keys.sign_in_throttle, identity.value, nonce)
        record_try(tx, key_hash, now)
        return login, key_hash

    return transact(work, Scope.everything())


def _end_session(tx: Tx, token: str, now: datetime) -> None:
    tx.run(
        update(SignInSession)
        .where(
            SignInSession.token_hash == session_token_hash(token),
            SignInSession.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
