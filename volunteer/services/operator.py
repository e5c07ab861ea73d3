"""What only the person at the machine's own command line may do."""

from __future__ import annotations

from datetime import datetime

from werkzeug.security import generate_password_hash

from volunteer.domain.access import Scope
from volunteer.domain.phone import parse_phone
from volunteer.domain.pin import Personal, decide_password, normal_secret
from volunteer.domain.refusals import Code, Refused, or_refuse, refuse
from volunteer.domain.sign_in import Identity, IdentityKind
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.logins import load_login, record_secret, record_sessions_revoked


def set_password(phone: str, password: str, *, now: datetime) -> int:
    """Give the login of a phone a new password and sign it out everywhere; gives its id.

    The way back in for an admin who is locked out. Raises Refused: ``phone_invalid``,
    ``login_unknown``, and what ``decide_password`` refuses.
    """
    number = or_refuse(parse_phone(phone), "phone")
    secret = normal_secret(password)
    refusal = decide_password(secret, Personal(number))
    if refusal:
        raise Refused(refusal)
    secret_hash = generate_password_hash(secret)

    def work(tx: Tx) -> int:
        login = load_login(tx, Identity(IdentityKind.PHONE, number))
        if login is None:
            raise refuse(Code.LOGIN_UNKNOWN, field="phone")
        record_secret(tx, login.id, secret_hash, is_pin=False)
        record_sessions_revoked(tx, login.id, now)
        record_audit(
            tx,
            now=now,
            action="password_set_by_operator",
            subject_kind="login",
            subject_id=login.id,
            community_id=None,
            login_id=None,
        )
        return login.id

    return transact(work, Scope.everything())
