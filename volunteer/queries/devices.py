"""The scanning devices of a community: who may scan for what, and when each was last heard of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from volunteer.domain.access import Scope
from volunteer.queries.activities import Choice
from volunteer.store.database import db
from volunteer.store.models import Activity, Device, DeviceActivity, Login, Scan


class DeviceState(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True)
class DeviceRow:
    """``activities`` is empty when it may scan for all of them."""

    device_id: int
    name: str
    state: DeviceState
    activities: tuple[Choice, ...]
    daily_from_minute: int
    daily_to_minute: int
    expires_at: datetime
    revoked_at: datetime | None
    created_at: datetime
    created_by: str | None
    last_seen_at: datetime | None


def read_devices(scope: Scope, community_id: int, now: datetime) -> list[DeviceRow]:
    """The community's devices, those that may scan first."""
    if not scope.sees(community_id):
        return []
    # The newest by id, not the latest by time: the index has it, however many scans there are.
    last_seen_at = (
        select(Scan.received_at)
        .where(Scan.community_id == community_id, Scan.device_id == Device.id)
        .order_by(Scan.id.desc())
        .limit(1)
        .correlate(Device)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(
            Device,
            Login.name,
            last_seen_at.label("last_seen_at"),
        )
        .outerjoin(Login, Login.id == Device.created_by_login_id)
        .where(Device.community_id == community_id)
        .order_by(Device.created_at.desc(), Device.id.desc())
    ).all()
    activities = _read_activities(community_id)
    devices = [
        DeviceRow(
            device_id=row.Device.id,
            name=row.Device.name,
            state=_state(row.Device, now),
            activities=() if row.Device.all_activities else activities.get(row.Device.id, ()),
            daily_from_minute=row.Device.daily_from_minute,
            daily_to_minute=row.Device.daily_to_minute,
            expires_at=row.Device.expires_at,
            revoked_at=row.Device.revoked_at,
            created_at=row.Device.created_at,
            created_by=row.name,
            last_seen_at=row.last_seen_at,
        )
        for row in rows
    ]
    return sorted(devices, key=lambda device: device.state is not DeviceState.ACTIVE)


def _state(row: Device, now: datetime) -> DeviceState:
    if row.revoked_at is not None:
        return DeviceState.REVOKED
    return DeviceState.EXPIRED if row.expires_at <= now else DeviceState.ACTIVE


def _read_activities(community_id: int) -> dict[int, tuple[Choice, ...]]:
    rows = db.session.execute(
        select(DeviceActivity.device_id, Activity.id, Activity.name, Activity.name_en)
        .join(Activity, Activity.id == DeviceActivity.activity_id)
        .where(DeviceActivity.community_id == community_id)
        .order_by(Activity.name)
    )
    found: dict[int, tuple[Choice, ...]] = {}
    for device_id, activity_id, name, name_en in rows:
        found[device_id] = (*found.get(device_id, ()), Choice(activity_id, name, name_en))
    return found
