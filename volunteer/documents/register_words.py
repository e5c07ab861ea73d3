"""Words of the code words that the registers hold."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel.speaklater import LazyString

from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.access import Relation, Role
from volunteer.domain.age import AgeBand
from volunteer.domain.consents import Consent
from volunteer.domain.duplicates import Reason

Words = Mapping[str, LazyString]

STATES: Words = {
    "active": _l("On the books"),
    "provisional": _l("Provisional"),
    "moved_away": _l("Moved away"),
    "deceased": _l("Deceased"),
    "merged": _l("Merged"),
    "rejected": _l("Not confirmed"),
    "moved_on": _l("In another community"),
}
STATE_TAGS: Mapping[str, str] = {"active": "green", "provisional": "amber"}
BANDS: Words = {
    AgeBand.UNDER_14: _l("Under 14"),
    AgeBand.FROM_14_TO_17: _l("14 to 17"),
    AgeBand.ADULT: _l("18 or older"),
}
LIKENESSES: Words = {
    Reason.NUMBER: _l("Same number elsewhere"),
    Reason.PHONE_AND_NAME: _l("Same phone and name"),
    Reason.NAME_AND_BUILDING: _l("Same name and building"),
    Reason.PHONE: _l("Same phone"),
    Reason.NAME: _l("Same name, home not known"),
}
RELATIONS: Words = {
    Relation.SELF: _l("Own login"),
    Relation.GUARDIAN: _l("Guardian"),
    Relation.HELPER: _l("Helper"),
}
ROLES: Words = {
    Role.LEADER: _l("Leader"),
    Role.ORGANIZER: _l("Organizer"),
    Role.COUNTER_STAFF: _l("Counter staff"),
    Role.COMMUNITY_ADMIN: _l("Community admin"),
    Role.AUDITOR: _l("Auditor"),
    Role.SUB_DISTRICT_ADMIN: _l("Sub-district admin"),
}
RESIDENCE_KINDS: Words = {
    "lives": _l("Lives here"),
    "works": _l("Works here"),
    "guest": _l("Visits"),
}
AREA_KINDS: Words = {
    "estate": _l("Estate"),
    "urban_village_block": _l("Urban-village block"),
    "office_building": _l("Office building"),
    "dormitory": _l("Dormitory"),
    "other": _l("Other"),
}
CARD_STATES: Words = {
    "active": _l("Valid"),
    "replaced": _l("Replaced"),
    "revoked": _l("No longer valid"),
}
CONSENTS: Words = {
    Consent.GUARDIAN: _l("Guardian's consent"),
    Consent.KEEP_RECORD: _l("Keeping the record"),
    Consent.NAMED_BOARD: _l("Name on the board"),
}
CONSENT_NOTES: Words = {
    Consent.GUARDIAN: _l("Needed before a child under 14 takes part."),
    Consent.KEEP_RECORD: _l("That this community keeps the record of service."),
    Consent.NAMED_BOARD: _l("That the name may stand on a board of volunteers."),
}
