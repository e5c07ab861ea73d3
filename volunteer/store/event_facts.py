"""Events as the rules see them: with what their activity, rule, community and device say."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, exists, literal_column, or_, select

from volunteer.domain.points import PointsRule
from volunteer.domain.refusals import Code, refuse
from volunteer.domain.scans import EventFacts, Facts, Station
from volunteer.store import models as m
from volunteer.store.bulk import among
from volunteer.store.database import Tx
from volunteer.store.models.base import table_of

_account = table_of(m.Account)
_activity = table_of(m.Activity)
_community = table_of(m.Community)
_device = table_of(m.Device)
_device_activity = table_of(m.DeviceActivity)
_event = table_of(m.Event)
_rule = table_of(m.PointsRule)


def _events(with_devices: bool) -> Select[Any]:
    """One row an event, or one for each device of its community that is asked for."""

    def system_account(kind: str) -> Any:
        return (
            select(_account.c.id)
            .where(
                _account.c.community_id == _event.c.community_id,
                # Both in words, not as parameters, or SQLite searches every passbook: it uses the
                # index of system accounts where it sees the condition that the index has.
                _account.c.kind == literal_column(f"'{kind}'"),
                _account.c.kind != literal_column("'passbook'"),
            )
            .scalar_subquery()
            .label(f"{kind}_account_id")
        )

    columns = [
        _event.c.id,
        _event.c.community_id,
        _event.c.activity_id,
        _event.c.starts_at,
        _event.c.ends_at,
        _event.c.ended_at,
        _event.c.state,
        _event.c.local_date,
        _event.c.capacity,
        _event.c.poster_on,
        _event.c.code_epoch,
        _activity.c.youth_group_id,
        _activity.c.measure,
        _activity.c.takes_guests,
        _rule.c.id.label("rule_id"),
        _rule.c.version,
        _rule.c.fixed_points,
        _rule.c.points_per_hour,
        _rule.c.leader_factor_percent,
        _rule.c.cap_event_points,
        _rule.c.cap_day_points,
        _community.c.time_zone,
        _community.c.check_in_opens_minutes,
        _community.c.check_in_closes_minutes,
        _community.c.auto_close_minutes,
        _community.c.late_scan_hours,
        system_account("issued"),
        system_account("debts"),
    ]
    tables = (
        _event.join(_activity, _activity.c.id == _event.c.activity_id)
        .join(_rule, _rule.c.id == _event.c.points_rule_id)
        .join(_community, _community.c.id == _event.c.community_id)
    )
    wanted = among(_event.c.id, "event_ids")
    if not with_devices:
        return select(*columns).select_from(tables).where(wanted)
    named = exists().where(
        _device_activity.c.device_id == _device.c.id,
        _device_activity.c.activity_id == _event.c.activity_id,
    )
    tables = tables.outerjoin(
        _device,
        and_(
            _device.c.community_id == _event.c.community_id,
            among(_device.c.id, "device_ids"),
        ),
    )
    columns += [
        _device.c.id.label("device_id"),
        or_(_device.c.all_activities, named).label("takes_activity"),
        _device.c.daily_from_minute,
        _device.c.daily_to_minute,
    ]
    return select(*columns).select_from(tables).where(wanted)


_EVENTS = _events(with_devices=False)
_EVENTS_WITH_DEVICES = _events(with_devices=True)


def load_events(tx: Tx, event_ids: set[int], device_ids: set[int], facts: Facts) -> None:
    """The events, whoever may see them, and what each device may do at them."""
    if not event_ids:
        return
    if not device_ids:
        for row in tx.run(_EVENTS, event_ids=sorted(event_ids)):
            facts.events[row.id] = _event_facts(row)
        return
    for row in tx.run(
        _EVENTS_WITH_DEVICES, event_ids=sorted(event_ids), device_ids=sorted(device_ids)
    ):
        if row.id not in facts.events:
            facts.events[row.id] = _event_facts(row)
        if row.device_id is not None:
            facts.stations[(row.id, row.device_id)] = _station(row)


def load_event(tx: Tx, event_id: int) -> EventFacts:
    """One event of the scope, as the rules see it. Raises Refused: event_unknown."""
    row = tx.run(_EVENTS, event_ids=[event_id]).first()
    if row is None or not tx.scope.sees(row.community_id):
        raise refuse(Code.EVENT_UNKNOWN)
    return _event_facts(row)


def _station(row: Any) -> Station:
    midnight = datetime.combine(row.local_date, time(), ZoneInfo(row.time_zone))
    return Station(
        bool(row.takes_activity),
        midnight + timedelta(minutes=row.daily_from_minute),
        midnight + timedelta(minutes=row.daily_to_minute),
    )


def _event_facts(row: Any) -> EventFacts:
    zone = ZoneInfo(row.time_zone)
    return EventFacts(
        id=row.id,
        community_id=row.community_id,
        activity_id=row.activity_id,
        youth_group_id=row.youth_group_id,
        measure=row.measure,
        takes_guests=row.takes_guests,
        rule=PointsRule(
            row.rule_id,
            row.version,
            row.fixed_points,
            row.points_per_hour,
            row.leader_factor_percent,
            row.cap_event_points,
            row.cap_day_points,
        ),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
        state=row.state,
        local_date=row.local_date,
        day_ends_at=datetime.combine(row.local_date + timedelta(days=1), time(), zone),
        capacity=row.capacity,
        poster_on=row.poster_on,
        code_epoch=row.code_epoch,
        opens_minutes=row.check_in_opens_minutes,
        closes_minutes=row.check_in_closes_minutes,
        auto_close_minutes=row.auto_close_minutes,
        late_scan_hours=row.late_scan_hours,
        issued_account_id=row.issued_account_id,
        debts_account_id=row.debts_account_id,
    )
