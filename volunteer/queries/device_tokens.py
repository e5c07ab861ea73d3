"""The scanning device behind a bearer token, in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from volunteer.store.database import reading_once
from volunteer.store.models import Device
from volunteer.store.models.base import table_of

_device = table_of(Device)


@dataclass(frozen=True)
class DeviceFound:
    """A device an organizer added, whether or not it may still scan."""

    device_id: int
    community_id: int
    name: str
    starts_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


_BY_TOKEN = select(
    _device.c.id,
    _device.c.community_id,
    _device.c.name,
    _device.c.starts_at,
    _device.c.expires_at,
    _device.c.revoked_at,
).where(_device.c.token_hash == bindparam("token_hash"))


def read_device(token_hash: bytes) -> DeviceFound | None:
    """The device whose token has this SHA-256, or None. Needs no scope: it is where a device's
    scope comes from. Activities and hours are judged with the scans, not here."""
    # The one read of a request that then only writes.
    with reading_once() as connection:
        row = connection.execute(_BY_TOKEN, {"token_hash": token_hash}).first()
    return DeviceFound(*row) if row else None
