"""Who may do what in a community, from which day to which; taken away at once when need be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, insert, or_, select, update

from volunteer.domain.access import Role, Scope
from volunteer.domain.names import parse_name
from volunteer.domain.phone import mask_phone, parse_phone
from volunteer.domain.refusals import Code, or_refuse, refuse
from volunteer.domain.sign_in import Identity, IdentityKind
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.logins import load_login
from volunteer.store.models import Community, Login, RoleGrant, SubDistrict
from volunteer.store.rows import load_today, record_row, require_seen

COMMUNITY_ROLES = (Role.ORGANIZER, Role.COUNTER_STAFF, Role.COMMUNITY_ADMIN, Role.AUDITOR)


@dataclass(frozen=True)
class NewGrant:
    """``phone`` and ``name`` as typed; the name is needed when nobody signs in with the phone yet.
    ``ends_on`` is the last day, None for no end."""

    role: Role
    phone: str
    starts_on: date
    ends_on: date | None = None
    name: str = ""


@dataclass(frozen=True)
class Granted:
    """``is_new_login``: the phone had no login; it has one without a secret now."""

    grant_id: int
    login_id: int
    is_new_login: bool


def grant_role(
    community_id: int, new: NewGrant, *, by: int | None, now: datetime, scope: Scope
) -> Granted:
    """Give a role in one community.

    Nobody gives more than their own community: the scope holds only those where the giver may
    give roles, and the sub-district's role is not among these. Raises Refused: ``not_found``,
    ``permission_missing`` (another kind of role), ``phone_invalid``, ``login_unknown`` (no login
    and no name to make one), ``name_…``, ``already_exists``, ``dates_reversed``.
    """
    if new.role not in COMMUNITY_ROLES:
        raise refuse(Code.PERMISSION_MISSING)
    phone = or_refuse(parse_phone(new.phone), "phone")
    _require_in_order(new)

    def work(tx: Tx) -> Granted:
        require_seen(tx, community_id)
        login_id, is_new = _login(tx, phone, new.name, now)
        where = {"community_id": community_id, "sub_district_id": None}
        grant_id = _record_grant(tx, login_id, new, where, by, now)
        record_audit(
            tx,
            now=now,
            action="role_granted",
            subject_kind="login",
            subject_id=login_id,
            community_id=community_id,
            login_id=by,
            facts={"role": new.role.value, "phone": mask_phone(phone)},
        )
        return Granted(grant_id, login_id, is_new)

    return transact(work, scope)


def grant_sub_district_admin(
    sub_district_id: int, new: NewGrant, *, by: int | None, now: datetime, scope: Scope
) -> Granted:
    """Give somebody the view over all communities of a sub-district; only who sees every community
    (the command line) may. Raises Refused: ``permission_missing``, else as ``grant_role``."""
    if scope.community_ids is not None or new.role is not Role.SUB_DISTRICT_ADMIN:
        raise refuse(Code.PERMISSION_MISSING)
    phone = or_refuse(parse_phone(new.phone), "phone")
    _require_in_order(new)

    def work(tx: Tx) -> Granted:
        if tx.run(select(SubDistrict.id).where(SubDistrict.id == sub_district_id)).first() is None:
            raise refuse(Code.NOT_FOUND)
        login_id, is_new = _login(tx, phone, new.name, now)
        where = {"community_id": None, "sub_district_id": sub_district_id}
        grant_id = _record_grant(tx, login_id, new, where, by, now)
        record_audit(
            tx,
            now=now,
            action="role_granted",
            subject_kind="login",
            subject_id=login_id,
            community_id=None,
            login_id=by,
            facts={"role": new.role.value, "phone": mask_phone(phone)},
        )
        return Granted(grant_id, login_id, is_new)

    return transact(work, scope)


def end_grant(grant_id: int, *, by: int, now: datetime, scope: Scope) -> None:
    """Take a role away from the next request on.

    Raises Refused: ``not_found``, ``changed_meanwhile`` (it has ended already), ``last_admin`` (no
    other admin of the community would be left).
    """

    def work(tx: Tx) -> None:
        grant = _load_grant(tx, grant_id)
        community_id = int(grant.community_id)
        # Two admins who end each other at the same moment: the second waits here and is refused.
        tx.run(select(Community.id).where(Community.id == community_id).with_for_update())
        today = load_today(tx, community_id, now)
        if grant.revoked_at is not None or (grant.ends_on is not None and grant.ends_on < today):
            raise refuse(Code.CHANGED_MEANWHILE)
        if grant.role == Role.COMMUNITY_ADMIN and not _other_admin(tx, grant, today):
            raise refuse(Code.LAST_ADMIN)
        tx.run(
            update(RoleGrant)
            .where(RoleGrant.id == grant_id)
            .values(ends_on=max(today, grant.starts_on), revoked_at=now)
        )
        record_audit(
            tx,
            now=now,
            action="role_ended",
            subject_kind="login",
            subject_id=grant.login_id,
            community_id=community_id,
            login_id=by,
            facts={"role": grant.role},
        )

    transact(work, scope)


def _require_in_order(new: NewGrant) -> None:
    if new.ends_on is not None and new.ends_on < new.starts_on:
        raise refuse(Code.DATES_REVERSED, field="ends_on")


def _login(tx: Tx, phone: str, name: str, now: datetime) -> tuple[int, bool]:
    """The login of this phone, made when there is none; whether it was made."""
    known = load_login(tx, Identity(IdentityKind.PHONE, phone))
    if known is not None and known.active:
        return known.id, False
    if known is not None or not name.strip():
        raise refuse(Code.LOGIN_UNKNOWN, field="phone")
    made = tx.execute(
        insert(Login)
        .values(
            name=or_refuse(parse_name(name), "name"),
            phone=phone,
            secret_kind="password",
            created_at=now,
        )
        .returning(Login.id)
    )
    return made.scalar_one(), True


def _record_grant(
    tx: Tx,
    login_id: int,
    new: NewGrant,
    where: dict[str, int | None],
    by: int | None,
    now: datetime,
) -> int:
    same = select(RoleGrant.id).where(
        RoleGrant.login_id == login_id,
        RoleGrant.role == new.role.value,
        RoleGrant.community_id == where["community_id"],
        RoleGrant.sub_district_id == where["sub_district_id"],
        RoleGrant.revoked_at.is_(None),
        or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on >= new.starts_on),
    )
    if tx.run(same).first():
        raise refuse(Code.ALREADY_EXISTS)
    return record_row(
        tx,
        RoleGrant,
        {
            "login_id": login_id,
            "role": new.role.value,
            **where,
            "starts_on": new.starts_on,
            "ends_on": new.ends_on,
            "granted_by_login_id": by,
            "created_at": now,
        },
    )


def _load_grant(tx: Tx, grant_id: int) -> Row[Any]:
    grant = tx.run(
        select(RoleGrant.__table__).where(RoleGrant.id == grant_id).with_for_update()
    ).first()
    # A sub-district's grant has no community: it is not a community admin's to end.
    if grant is None or grant.community_id is None or not tx.scope.sees(grant.community_id):
        raise refuse(Code.NOT_FOUND)
    return grant


def _other_admin(tx: Tx, grant: Row[Any], today: date) -> bool:
    """Whether somebody else who can sign in stays admin, today and with no last day set."""
    others = (
        select(RoleGrant.id)
        .join(Login, Login.id == RoleGrant.login_id)
        .where(
            RoleGrant.community_id == grant.community_id,
            RoleGrant.role == Role.COMMUNITY_ADMIN.value,
            RoleGrant.login_id != grant.login_id,
            RoleGrant.revoked_at.is_(None),
            RoleGrant.starts_on <= today,
            RoleGrant.ends_on.is_(None),
            Login.deactivated_at.is_(None),
        )
    )
    return tx.run(others.limit(1)).first() is not None
