"""The audit trail in words: what was done, and the facts beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import format_date, format_datetime, get_locale
from flask_babel.speaklater import LazyString

from volunteer.documents import first_day_words
from volunteer.documents import register_words as words
from volunteer.documents.messages import lazy_gettext as _l

ACTIONS: Mapping[str, LazyString] = {
    "activity_added": _l("Activity added"),
    "activity_edited": _l("Activity edited"),
    "activity_deactivated": _l("Activity taken out of use"),
    "activity_reactivated": _l("Activity back in use"),
    "codes_renewed": _l("Poster code renewed"),
    "admin_created": _l("Admin made on the server"),
    "area_added": _l("Area added"),
    "area_edited": _l("Area edited"),
    "area_deactivated": _l("Area taken out of use"),
    "area_reactivated": _l("Area back in use"),
    "building_added": _l("Building added"),
    "building_alias_added": _l("Another way of writing a building"),
    "building_edited": _l("Building edited"),
    "building_deactivated": _l("Building taken out of use"),
    "building_reactivated": _l("Building back in use"),
    "card_received": _l("Card received, by the signed sheet"),
    "cards_print_asked": _l("Printing of cards asked for"),
    "cards_print_opened": _l("Printed pages of cards opened"),
    "cards_print_deleted": _l("Printed pages of cards deleted"),
    "buildings_added": _l("Many buildings added"),
    "card_issued": _l("Card issued"),
    "card_named": _l("Blank card named"),
    "card_replaced": _l("Card replaced"),
    "card_revoked": _l("Card cancelled"),
    "card_waits": _l("Blank card waits for a guardian"),
    "community_added": _l("Community founded"),
    "consent_given": _l("Consent given"),
    "consent_withdrawn": _l("Consent taken back"),
    "device_added": _l("Scanning device added"),
    "device_revoked": _l("Scanning device cancelled"),
    "event_added": _l("Event added"),
    "event_auto_closed": _l("Event closed automatically"),
    "event_cancelled": _l("Event cancelled"),
    "event_edited": _l("Event edited"),
    "event_ended": _l("Event ended"),
    "series_added": _l("Recurring events planned"),
    "holidays_written": _l("Public holidays of a year written down"),
    "first_day_ended": _l("First day's checklist put away"),
    "first_day_reopened": _l("First day's checklist taken out again"),
    "first_step_left_out": _l("Step of the first day marked as not for us"),
    "first_step_taken_up": _l("Step of the first day taken up again"),
    "points_preset_chosen": _l("Points of new activities chosen"),
    "poster_on": _l("Poster code switched on"),
    "poster_off": _l("Poster code switched off"),
    "external_number_removed": _l("Number elsewhere removed"),
    "external_number_set": _l("Number elsewhere written down"),
    "link_added": _l("Guardian or helper added"),
    "link_ended": _l("Login taken off a passbook"),
    "data_exported": _l("Own data downloaded"),
    "household_agreed": _l("Joined a household"),
    "household_asked": _l("Asked into a household"),
    "household_declined": _l("Said no to a household"),
    "household_left": _l("Left a household"),
    "family_asked": _l("Asked to be guardian or helper"),
    "family_confirmed": _l("Guardian or helper confirmed"),
    "family_returned": _l("Request to be guardian or helper sent back"),
    "family_withdrawn": _l("Request to be guardian or helper taken back"),
    "import_forgotten": _l("Sheet of residents that nobody imported for a month forgotten"),
    "import_discarded": _l("Import of residents discarded before it was applied"),
    "import_started": _l("Import of residents started"),
    "import_undo_started": _l("Undoing an import of residents started"),
    "residents_exported": _l("Residents saved as a spreadsheet"),
    "login_bound": _l("Login tied to a passbook"),
    "membership_added": _l("Joined a youth group"),
    "membership_ended": _l("Left a youth group"),
    "minor_opened": _l("Page of a minor opened"),
    "opening_balance_proposed": _l("Old passbook proposed to be brought forward"),
    "opening_balance_posted": _l("Old passbook approved and brought forward"),
    "opening_balance_sent_back": _l("Old passbook sent back"),
    "opening_balance_withdrawn": _l("Old passbook taken off the list"),
    "organisation_added": _l("Organisation added"),
    "organisation_edited": _l("Organisation edited"),
    "organisation_deactivated": _l("Organisation taken out of use"),
    "organisation_reactivated": _l("Organisation back in use"),
    "organisation_kind_added": _l("Kind of organisation added"),
    "organisation_kind_edited": _l("Kind of organisation edited"),
    "organisation_kind_removed": _l("Kind of organisation removed"),
    "password_set_by_operator": _l("Password set on the server"),
    "phone_changed": _l("Phone changed"),
    "phone_released": _l("Phone taken off a login"),
    "residence_added": _l("Home added"),
    "residence_corrected": _l("Home corrected"),
    "residence_ended": _l("Home ended"),
    "resident_added": _l("Resident added"),
    "residents_added": _l("Residents added"),
    "resident_edited": _l("Resident edited"),
    "resident_state_changed": _l("Resident left or came back"),
    "role_granted": _l("Role given"),
    "role_ended": _l("Role taken away"),
    "secret_changed": _l("PIN or password changed"),
    "session_revoked": _l("Signed out one device"),
    "sessions_revoked": _l("Signed out every device"),
    "settings_changed": _l("Settings changed"),
    "staff_code_issued": _l("One-time code given"),
    "task_tried_again": _l("Background work tried again"),
    "temporary_password_set": _l("Temporary password given"),
    "residents_merged": _l("Passbooks merged"),
    "merge_undone": _l("Merge undone"),
    "move_asked": _l("Move to another community asked for"),
    "move_withdrawn": _l("Move to another community withdrawn"),
    "move_accepted": _l("Somebody from another community taken in"),
    "move_declined": _l("Somebody from another community not taken in"),
    "moved_on": _l("Moved to another community"),
    "moved_in": _l("Arrived from another community"),
    "bequest_proposed": _l("Points of somebody deceased: proposed where they go"),
    "bequest_approved": _l("Points of somebody deceased passed on"),
    "bequest_withdrawn": _l("Proposal for the points of somebody deceased withdrawn"),
    "different_people": _l("Two people who look alike told apart"),
    "team_added": _l("Visiting team added"),
    "team_at_event": _l("Visiting team came to an event"),
    "team_consent_given": _l("Consent given for a visiting team's children"),
    "team_deactivated": _l("Visiting team taken out of use"),
    "team_edited": _l("Visiting team edited"),
    "team_joined": _l("Wrote themselves down with a visiting team's code"),
    "team_member_ended": _l("Left a visiting team"),
    "team_people_added": _l("People of a visiting team written down"),
    "team_reactivated": _l("Visiting team back in use"),
    "transfer_reversed": _l("Line reversed"),
    "added_at_event": _l("Written down by a leader"),
    "blank_cards_issued": _l("Blank cards made"),
    "strip_printed": _l("Activation code printed"),
    "waiting_card_named": _l("Child written down with a card that waited"),
    "waiting_card_returned": _l("Waiting card taken back"),
    "walked_in": _l("Walked in at an event"),
    "residents_confirmed": _l("New people confirmed"),
    "residents_rejected": _l("New people not confirmed"),
    "youth_group_added": _l("Youth group added"),
    "youth_group_edited": _l("Youth group edited"),
    "youth_group_deactivated": _l("Youth group taken out of use"),
    "youth_group_reactivated": _l("Youth group back in use"),
}

FACTS: Mapping[str, LazyString] = {
    "area": _l("area"),
    "auto_close_minutes": _l("forgotten events close"),
    "by_code": _l("with"),
    "check_in_closes_minutes": _l("check-in closes"),
    "check_in_opens_minutes": _l("check-in opens"),
    "count": _l("how many"),
    "day": _l("day"),
    "ended_at": _l("ended"),
    "ends_on": _l("last day"),
    "alias": _l("also written as"),
    "file": _l("file"),
    "fields": _l("changed"),
    "from": _l("from"),
    "how": _l("how"),
    "issue": _l("issue"),
    "kind": _l("kind"),
    "late_scan_hours": _l("late scans"),
    "line": _l("line"),
    "name_en": _l("English name"),
    "minutes": _l("minutes"),
    "number": _l("passbook number"),
    "people": _l("number checked out"),
    "points": _l("points"),
    "phone": _l("phone"),
    "reason": _l("reason"),
    "relation": _l("as"),
    "role": _l("role"),
    "rule_version": _l("points rule version"),
    "preset": _l("points of new activities"),
    "starts_at": _l("start"),
    "starts_on": _l("since"),
    "step": _l("step"),
    "system": _l("system"),
    "telephone": _l("telephone"),
    "text_version": _l("text"),
    "to": _l("to"),
    "volunteer_word": _l("volunteers are called"),
    "year": _l("year"),
    "what": _l("what"),
    "youth_group": _l("youth group"),
}
_FIELDS: Mapping[str, LazyString] = {
    "age_band": _l("age band"),
    "area_id": _l("area"),
    "birth_date": _l("birth date"),
    "building_id": _l("building"),
    "estimated_on": _l("estimate"),
    "estimated_residents": _l("estimate"),
    "grid": _l("grid"),
    "kind": _l("kind"),
    "name": _l("name"),
    "name_en": _l("English name"),
    "room": _l("room"),
    "starts_on": _l("since"),
}
_VALUES: Mapping[str, words.Words] = {
    "from": words.STATES,
    "kind": words.RESIDENCE_KINDS,
    "relation": words.RELATIONS,
    "role": words.ROLES,
    "step": first_day_words.STEPS,
    "preset": first_day_words.PRESETS,
    "to": words.STATES,
    "what": words.CONSENTS,
    "how": {
        "self": _l("on their own page"),
        "guardian": _l("a guardian agreed"),
        "paper": _l("agreed on paper"),
    },
    "by_code": {
        "card_strip": _l("the strip's code"),
        "staff": _l("a one-time code"),
        "secret": _l("the PIN"),
    },
}
UNSAID = frozenset({"name", "card_id", "event_id"})
"""Facts that stand elsewhere on the line, or that mean nothing to a reader."""


def action_words(action: str) -> str:
    return str(ACTIONS.get(action, action))


def fact_words(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Label and value of each fact a reader wants, in the language of the request."""
    return list(_shown(facts))


def _shown(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in facts.items():
        if name in UNSAID or value in (None, ""):
            continue
        yield str(FACTS.get(name, name)), _value(name, value)


def _value(name: str, value: Any) -> str:
    if name == "fields":
        fields = dict.fromkeys(str(_FIELDS.get(one, one)) for one in str(value).split(", "))
        return _english(", ", "、").join(fields)
    if name == "day" or name.endswith("_on"):
        return _day(str(value))
    if name.endswith("_at"):
        return _moment(str(value))
    known = _VALUES.get(name, {})
    return str(known.get(str(value), value))


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return str(format_date(day, _english("d MMM yyyy", "yyyy年M月d日")))


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    pattern = _english("d MMM yyyy, HH:mm", "yyyy年M月d日 HH:mm")
    return str(format_datetime(moment, pattern))


def _english(english: str, otherwise: str) -> str:
    return english if str(get_locale()) == "en" else otherwise
