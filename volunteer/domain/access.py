"""Who may do what, and which communities they may see.

A role is a set of permissions in one community; a leader's is for one event. Nothing here knows
how a person signed in: the web layer wraps a `Principal` for Flask-Login.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Role(StrEnum):
    LEADER = "leader"
    ORGANIZER = "organizer"
    COUNTER_STAFF = "counter_staff"
    COMMUNITY_ADMIN = "community_admin"
    AUDITOR = "auditor"
    SUB_DISTRICT_ADMIN = "sub_district_admin"


class Permission(StrEnum):
    SEE_PEOPLE = "see_people"
    EDIT_PEOPLE = "edit_people"
    SEE_PLACES = "see_places"
    EDIT_PLACES = "edit_places"
    SEE_ROLES = "see_roles"
    EDIT_ROLES = "edit_roles"
    EDIT_SETTINGS = "edit_settings"
    SEE_ACTIVITIES = "see_activities"
    EDIT_ACTIVITIES = "edit_activities"
    EDIT_EVENTS = "edit_events"
    RUN_EVENTS = "run_events"
    SEE_ROSTER = "see_roster"
    RECORD_SCANS = "record_scans"
    EDIT_DEVICES = "edit_devices"
    RESET_PIN = "reset_pin"
    REPLACE_CARD = "replace_card"
    USE_COUNTER = "use_counter"
    SEE_LEDGER = "see_ledger"
    REVERSE_TRANSFERS = "reverse_transfers"
    APPROVE_RECORDS = "approve_records"
    """The second person: what somebody else proposed is posted."""
    SEE_AUDIT = "see_audit"
    SEE_BOARDS_STAFF = "see_boards_staff"


class Relation(StrEnum):
    SELF = "self"
    GUARDIAN = "guardian"
    HELPER = "helper"


_READING = frozenset(
    {
        Permission.SEE_PEOPLE,
        Permission.SEE_PLACES,
        Permission.SEE_ROLES,
        Permission.SEE_ACTIVITIES,
        Permission.SEE_ROSTER,
        Permission.SEE_LEDGER,
        Permission.SEE_AUDIT,
        Permission.SEE_BOARDS_STAFF,
    }
)

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    # For the leader's own event only; never the register of residents.
    Role.LEADER: frozenset({Permission.RUN_EVENTS, Permission.SEE_ROSTER, Permission.RECORD_SCANS}),
    Role.ORGANIZER: frozenset(
        {
            Permission.SEE_PEOPLE,
            Permission.EDIT_PEOPLE,
            Permission.SEE_PLACES,
            Permission.SEE_ACTIVITIES,
            Permission.EDIT_ACTIVITIES,
            Permission.EDIT_EVENTS,
            Permission.RUN_EVENTS,
            Permission.SEE_ROSTER,
            Permission.RECORD_SCANS,
            Permission.EDIT_DEVICES,
            Permission.RESET_PIN,
            Permission.REPLACE_CARD,
            Permission.SEE_BOARDS_STAFF,
        }
    ),
    Role.COUNTER_STAFF: frozenset(
        {
            Permission.SEE_PEOPLE,
            Permission.USE_COUNTER,
            Permission.RESET_PIN,
            Permission.REPLACE_CARD,
        }
    ),
    Role.COMMUNITY_ADMIN: frozenset(Permission),
    Role.AUDITOR: _READING,
    Role.SUB_DISTRICT_ADMIN: _READING,
}


@dataclass(frozen=True)
class Scope:
    """The communities that may be seen; `None` stands for every one (jobs and command line)."""

    community_ids: frozenset[int] | None

    @classmethod
    def everything(cls) -> Self:
        return cls(None)

    @classmethod
    def of(cls, *community_ids: int) -> Self:
        return cls(frozenset(community_ids))

    @classmethod
    def nothing(cls) -> Self:
        return cls(frozenset())

    def sees(self, community_id: int) -> bool:
        return self.community_ids is None or community_id in self.community_ids


@dataclass(frozen=True)
class Grant:
    """A role that holds today, in one community.

    A sub-district's grant is given once for each of its communities, so that `community_id` is
    always the answer to “where”; `event_id` narrows a leader's to one event.
    """

    role: Role
    community_id: int
    sub_district_id: int | None = None
    event_id: int | None = None

    def __post_init__(self) -> None:
        assert (self.role is Role.LEADER) == (self.event_id is not None)

    def permits(self, permission: Permission, community_id: int, event_id: int | None) -> bool:
        return (
            permission in PERMISSIONS[self.role]
            and self.community_id == community_id
            and (self.event_id is None or self.event_id == event_id)
        )


@dataclass(frozen=True)
class ActsFor:
    """A resident whose passbook this login may use."""

    resident_id: int
    ref: str
    community_id: int
    name: str
    relation: Relation
    name_en: str | None = None


@dataclass(frozen=True)
class CommunityName:
    """A community as the frame of a page shows it."""

    community_id: int
    name: str
    name_en: str | None = None
    is_demo: bool = False


@dataclass(frozen=True)
class Principal:
    """Who is asking, as one request sees them; loaded anew for each, so a revoked role is gone."""

    login_id: int
    session_id: int
    display_name: str
    locale: str | None = None
    elder_mode: bool = False
    acts_for: tuple[ActsFor, ...] = ()
    grants: tuple[Grant, ...] = ()
    communities: tuple[CommunityName, ...] = ()
    has_pin: bool = False
    """Signs in with six digits, which is enough for one's own passbook and not for staff work."""

    @property
    def scope(self) -> Scope:
        """The communities where this person has a role or a passbook."""
        return Scope(
            frozenset(grant.community_id for grant in self.grants)
            | frozenset(resident.community_id for resident in self.acts_for)
        )

    @property
    def is_staff(self) -> bool:
        """Whether any role but a leader's is held."""
        return any(grant.role is not Role.LEADER for grant in self.grants)

    @property
    def needs_password(self) -> bool:
        """Whether a role was given to somebody who still signs in with a PIN."""
        return self.is_staff and self.has_pin

    @property
    def led_event_ids(self) -> frozenset[int]:
        return frozenset(grant.event_id for grant in self.grants if grant.event_id is not None)

    @property
    def own(self) -> ActsFor | None:
        """The resident this person is, when they have a passbook of their own."""
        return next((one for one in self.acts_for if one.relation is Relation.SELF), None)

    def can(self, permission: Permission, community_id: int, event_id: int | None = None) -> bool:
        """Whether a grant allows it there; a leader's counts only with their own `event_id`."""
        return any(grant.permits(permission, community_id, event_id) for grant in self.grants)

    def communities_with(self, permission: Permission) -> frozenset[int]:
        """Where it is allowed for the whole community, not for single events."""
        return frozenset(
            grant.community_id
            for grant in self.grants
            if grant.event_id is None and permission in PERMISSIONS[grant.role]
        )

    def leads(self, event_id: int) -> bool:
        return event_id in self.led_event_ids

    def may_act_for(self, resident_id: int) -> bool:
        return any(one.resident_id == resident_id for one in self.acts_for)

    def resident_by_ref(self, ref: str) -> ActsFor | None:
        """The resident behind the random ref in an address, if this login may act for them."""
        return next((one for one in self.acts_for if one.ref == ref), None)
