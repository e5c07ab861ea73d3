"""The scanning devices that an organizer adds and revokes."""

from __future__ import annotations

import secrets
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select

from volunteer.domain.access import Scope
from volunteer.domain.devices import DevicePlan, decide_device
from volunteer.domain.refusals import Code, refuse
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.models import Activity, Community, Device, DeviceActivity

TOKEN_BYTES = 32


def add_device(
    community_id: int, plan: DevicePlan, *, by: int, now: datetime, scope: Scope
) -> tuple[int, str]:
    """A new device: its id, and the token that is shown once and kept only as SHA-256.

    Refuses what ``decide_device`` refuses, and ``not_found`` for an unknown activity.
    """
    plan = decide_device(plan, now)
    token = secrets.token_urlsafe(TOKEN_BYTES)

    def work(tx: Tx) -> int:
        if not scope.sees(community_id) or tx.get(Community, community_id) is None:
            raise refuse(Code.NOT_FOUND)
        _check_activities(tx, community_id, plan.activity_ids)
        row = Device(
            community_id=community_id,
            name=plan.name,
            token_hash=sha256(token.encode()).digest(),
            all_activities=not plan.activity_ids,
            daily_from_minute=plan.daily_from_minute,
            daily_to_minute=plan.daily_to_minute,
            starts_at=now,
            expires_at=plan.expires_at,
            created_at=now,
            created_by_login_id=by,
        )
        tx.add(row)
        tx.flush()
        tx.add_all(
            DeviceActivity(community_id=community_id, device_id=row.id, activity_id=activity_id)
            for activity_id in sorted(plan.activity_ids)
        )
        _record(tx, row, "device_added", by=by, now=now)
        return row.id

    return transact(work, scope), token


def revoke_device(device_id: int, *, by: int, now: datetime, scope: Scope) -> None:
    """Switch a device off for good; its next scan is refused. Twice is the same as once."""

    def work(tx: Tx) -> None:
        row = tx.get(Device, device_id, with_for_update=True)
        if row is None or not scope.sees(row.community_id):
            raise refuse(Code.NOT_FOUND)
        if row.revoked_at is None:
            row.revoked_at = now
            _record(tx, row, "device_revoked", by=by, now=now)

    transact(work, scope)


def _check_activities(tx: Tx, community_id: int, activity_ids: frozenset[int]) -> None:
    found = select(Activity.id).where(
        Activity.community_id == community_id, Activity.id.in_(activity_ids)
    )
    if set(tx.execute(found).scalars()) != activity_ids:
        raise refuse(Code.NOT_FOUND)


def _record(tx: Tx, row: Device, action: str, *, by: int, now: datetime) -> None:
    record_audit(
        tx,
        now=now,
        action=action,
        subject_kind="device",
        subject_id=row.id,
        community_id=row.community_id,
        login_id=by,
        facts={"name": row.name},
    )
