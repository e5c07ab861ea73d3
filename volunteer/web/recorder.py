"""Who records the scans of a request, as the use case takes it."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app

from volunteer.config import Config
from volunteer.domain.access import Permission, Principal, Relation, Scope
from volunteer.domain.scans import Recorder


def staff_recorder(person: Principal) -> Recorder:
    """A leader or an organizer who records for others: where they may is in the value."""
    return Recorder(
        login_id=person.login_id,
        acts_for=frozenset(one.resident_id for one in person.acts_for),
        own_resident_ids=_own(person),
        runs_community_ids=person.communities_with(Permission.RECORD_SCANS),
        runs_event_ids=person.led_event_ids,
    )


def self_recorder(person: Principal) -> Recorder:
    """A resident who checks in themself and those they act for, and nobody else."""
    return Recorder(
        login_id=person.login_id,
        is_self=True,
        acts_for=frozenset(one.resident_id for one in person.acts_for),
        own_resident_ids=_own(person),
    )


def staff_scope(person: Principal) -> Scope:
    """The communities where this person may record for others, for one event at least."""
    return Scope(
        frozenset(
            grant.community_id
            for grant in person.grants
            if grant.permits(Permission.RECORD_SCANS, grant.community_id, grant.event_id)
        )
    )


def own_host() -> str:
    """host[:port] that our codes name; an address at another host is never ours."""
    config: Config = current_app.extensions["config"]
    return urlsplit(config.public_url).netloc


def _own(person: Principal) -> frozenset[int]:
    return frozenset(one.resident_id for one in person.acts_for if one.relation is Relation.SELF)
