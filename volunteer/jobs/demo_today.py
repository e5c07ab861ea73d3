"""Adds the demo community's event of today, so that a visitor always finds one to scan at.

Called at every start and when a new day begins there. A system without the demo has no community
that is marked so, and nothing happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta

from volunteer.domain.access import Scope
from volunteer.domain.events import EventPlan, LeaderPlan
from volunteer.jobs.open_day import LEADER_PHONE, OPEN_DAY, PLACE, PLACE_EN
from volunteer.jobs.schedule import ZONE
from volunteer.queries.demo import (
    read_activities,
    read_acts_for,
    read_demo_communities,
    read_events,
    read_login_ids,
)
from volunteer.services.events import add_event


def add_todays_event(now: datetime) -> Mapping[str, int]:
    """Make sure that every demo community with an all-day activity has it open now."""
    scope = Scope.everything()
    leader_id = read_login_ids([f"+86{LEADER_PHONE}"]).get(f"+86{LEADER_PHONE}")
    added = 0
    if leader_id is None:
        return {"added": added}
    leads_as = read_acts_for(leader_id, scope)
    midnight = datetime.combine(now.astimezone(ZONE).date(), time(), ZONE).astimezone(UTC)
    tomorrow = midnight + timedelta(days=1)
    for community in read_demo_communities(scope).values():
        activity_id = read_activities(community.community_id, scope).get(OPEN_DAY)
        if activity_id is None:
            continue
        today = {
            key: event
            for key, event in read_events(community.community_id, midnight, tomorrow, scope).items()
            if key[0] == activity_id
        }
        if any(event.state == "planned" for event in today.values()):
            continue
        # The leader may have ended today's: the next one opens now, beside it.
        starts_at = now.replace(second=0, microsecond=0) if today else midnight
        plan = EventPlan(
            place=PLACE,
            place_en=PLACE_EN,
            starts_at=starts_at,
            ends_at=tomorrow,
            leaders=tuple(LeaderPlan(resident_id) for resident_id in sorted(leads_as)),
        )
        add_event(activity_id, plan, by=leader_id, now=now, scope=scope)
        added += 1
    return {"added": added}
