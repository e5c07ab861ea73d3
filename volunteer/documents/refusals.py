"""The one table of status and words of every refusal, in both languages.

Words say what happened, then what to do. A row is the HTTP status, the words, and, where the words
quote a fact, a second sentence for when the fact is not known. Facts named `…_at` are times in
ISO 8601 and `…_on` are dates: they are shown as people here write them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from flask_babel import format_date, format_datetime, get_locale
from flask_babel.speaklater import LazyString

from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.register_refusals import OF_REGISTERS, Row
from volunteer.domain.refusals import Code, Outcome, Refusal

Facts = Mapping[str, str | int | float | bool | None]

# fmt: off
TABLE: dict[Code, Row] = {
    **OF_REGISTERS,
    # Codes and cards
    Code.CODE_MALFORMED: (422,
        _l("This is not one of our codes. Please scan the code on the screen, the poster or "
           "the passbook card.")),
    Code.CODE_UNKNOWN: (404,
        _l("We do not know this code. Please scan the screen again, or show your card to "
           "the leader.")),
    Code.CODE_EXPIRED: (410,
        _l("This code has run out: it changes every 30 seconds. Please scan the one on the "
           "screen now.")),
    Code.CODE_FOREIGN: (422,
        _l("This code belongs to another place, not to this love passbook. Please do not "
           "open it; ask the leader for the right one.")),
    Code.POSTER_OFF: (410,
        _l("The code on this poster has been switched off. Please scan the screen, or show "
           "your card to the leader.")),
    Code.CARD_UNKNOWN: (404,
        _l("We do not know this card. Please check the number, or find the person by name.")),
    Code.CARD_REVOKED: (410,
        _l("This card was cancelled on %(ended_on)s. The staff can make a new one."),
        _l("This card was cancelled. The staff can make a new one.")),
    Code.CARD_REPLACED: (410,
        _l("This card was replaced on %(ended_on)s. Please use the new card, or type its "
           "number."),
        _l("This card was replaced. Please use the new card, or type its number.")),
    Code.CARD_BLANK: (409,
        _l("This is a blank card that belongs to nobody yet. Please give it to somebody "
           "first.")),
    Code.CARD_FOREIGN: (403,
        _l("This card is another community's, and this activity takes no guests. Please ask "
           "the organizer.")),
    # Scans
    Code.EVENT_UNKNOWN: (404,
        _l("There is no such event here. Please scan the code again, or ask the leader.")),
    Code.EVENT_CANCELLED: (410,
        _l("This event was cancelled. Please see the list of events for others.")),
    Code.EVENT_FULL: (409,
        _l("All %(capacity)s places are taken. Please talk to the leader, who can still let "
           "you in."),
        _l("All places are taken. Please talk to the leader, who can still let you in.")),
    Code.CHECK_IN_NOT_OPEN: (409,
        _l("Check-in opens at %(opens_at)s. Please come back then."),
        _l("Check-in is not open yet. Please come back shortly before the start.")),
    Code.CHECK_IN_CLOSED: (409,
        _l("Check-in closed at %(closed_at)s. If you were there, please ask the leader."),
        _l("Check-in has closed. If you were there, please ask the leader.")),
    Code.CHECK_OUT_CLOSED: (409,
        _l("Check-out closed at %(closed_at)s. Please ask the leader or the organizer."),
        _l("Check-out has closed. Please ask the leader or the organizer.")),
    Code.ROLL_CALL_OVER: (409,
        _l("Roll call is open on the day of the event only. Please ask the organizer to add it "
           "as a claim.")),
    Code.ATTENDANCE_ANNULLED: (409,
        _l("This attendance was taken back by the staff. Please ask the organizer.")),
    Code.SCAN_IN_FUTURE: (422,
        _l("This scan carries a time that has not come yet. Please set the clock of the "
           "device and scan again.")),
    Code.LATE_SCAN: (410,
        _l("This came more than %(hours)s hours after the event. Please ask the organizer "
           "to add it as a claim."),
        _l("This came too long after the event. Please ask the organizer to add it as a "
           "claim.")),
    Code.CONSENT_MISSING: (403,
        _l("Children under 14 take part once a guardian has agreed: on the guardian's phone under "
           "Me, or on paper with the staff.")),
    Code.RECORD_TAKEN_BACK: (403,
        _l("This person no longer agrees that a record is kept, so nothing is written down. They "
           "can agree again on their phone under Me, or with the staff.")),
    Code.RESIDENT_INACTIVE: (410,
        _l("This passbook is no longer in use. Please ask the community staff.")),
    Code.OWN_RECORD: (403,
        _l("Nobody records for themselves or their own family. Please ask another leader to "
           "do it, or scan the code on the screen.")),
    Code.UNDO_TOO_LATE: (409,
        _l("This can only be undone within %(minutes)s minutes. Please ask the organizer to "
           "correct it."),
        _l("It is too late to undo this. Please ask the organizer to correct it.")),
    Code.UNDO_NOT_YOURS: (403,
        _l("Only the person or device that recorded this can undo it. Please ask the "
           "organizer to correct it.")),
    Code.UNDO_UNKNOWN: (404, _l("There is nothing to undo here. Please look at the list again.")),
    Code.SCAN_ID_REUSED: (409,
        _l("This scan was sent before with other content. Please scan again.")),
    Code.SCAN_ID_INVALID: (422,
        _l("This scan has no proper id. Please update the scanner and scan again.")),
    Code.DIRECTION_INVALID: (422,
        _l("Please say whether this is a check-in, a check-out or an undo.")),
    Code.TIME_INVALID: (422,
        _l("The time of this scan cannot be read. Please check the device and scan again.")),
    Code.TOO_MANY_ROWS: (413,
        _l("That is too many at once. Please send at most %(most)s at a time."),
        _l("That is too many at once. Please send fewer at a time.")),
    Code.ENVELOPE_INVALID: (422,
        _l("What was sent cannot be read as scans (%(field)s). Please update the scanner."),
        _l("What was sent cannot be read as scans. Please update the scanner.")),
    Code.SCAN_FILE_UNREADABLE: (422,
        _l("This is not a file of kept scans. Please choose the file that the scanner saved on "
           "the phone, as it is.")),
    Code.SCAN_FILE_EMPTY: (422, _l("There are no scans in this file. Nothing was recorded.")),
    Code.SCAN_FILE_TOO_LARGE: (413,
        _l("There are more than %(most)s scans in this file. Please open the scanner on the "
           "phone with a network, so that it sends them itself."),
        _l("There are too many scans in this file. Please open the scanner on the phone with a "
           "network, so that it sends them itself.")),
    Code.PHOTO_UNREADABLE: (422,
        _l("There is no code to be read in this picture. Please take it again, closer and "
           "in better light, or type the number.")),
    Code.PHOTO_TOO_LARGE: (413,
        _l("This picture is too large. Please send a smaller one, or type the number.")),
    Code.NOBODY_TICKED: (422, _l("Nobody is ticked. Please tick who is here.")),
    Code.PENDING_EXPIRED: (410,
        _l("This check-in was left for too long. Please scan the code again.")),
    Code.WALK_INS_FULL: (429,
        _l("Many new people were written down here a moment ago, so no more can be added by "
           "themselves. Please tell the leader your name.")),
    Code.NAME_KNOWN: (409,
        _l("Somebody of this name has a passbook with a number of its own. If it is the same "
           "person, use their card or number; if it is somebody else, say so below.")),
    Code.CARD_TAKEN: (409,
        _l("This card belongs to somebody already. Please scan it to check them in, or take a "
           "blank one.")),
    Code.CLASS_CONSENT_MISSING: (403,
        _l("For children under 14 the adult who accompanies the team agrees first. Please enter "
           "that adult's consent on the team's page.")),
    Code.TEAM_TOO_LARGE: (422,
        _l("A team has from 1 to %(most)s people. Please make a second team for the others."),
        _l("This team is too large. Please make a second team for the others.")),
    Code.NOT_CONFIRMED_AT_HOME: (409,
        _l("This passbook is new and has not been confirmed by its own community yet. Please "
           "ask the leader to write the name down.")),
    # Who may do what
    Code.PERMISSION_MISSING: (403,
        _l("This is not open to you. If you think it should be, please ask the community "
           "admin.")),
    Code.NOT_YOUR_EVENT: (403,
        _l("Only the leaders of this event can do that. Please ask one of them or the "
           "organizer.")),
    Code.DEVICE_NOT_ALLOWED: (403,
        _l("This device may not scan for this activity or at this hour. Please ask the "
           "organizer.")),
    Code.DEVICE_EXPIRED: (401,
        _l("This device is no longer registered. Please ask the organizer to add it again.")),
    Code.DEVICE_REVOKED: (401, _l("This device has been switched off. Please ask the organizer.")),
    Code.DEVICE_UNKNOWN: (401,
        _l("We do not know this device. Please ask the organizer to add it.")),
    Code.PAGE_EXPIRED: (403,
        _l("This page was left open for too long. Please load it again and repeat the last step.")),
    Code.COOKIES_NEEDED: (400,
        _l("This browser keeps no cookies, so nobody can sign in with it. Please allow cookies "
           "for this site, or open it in another browser.")),
    # Signing in and binding
    Code.SIGN_IN_FAILED: (401,
        _l("The number and the password or PIN do not go together. Please check both, or "
           "ask the staff for a one-time code.")),
    Code.SIGN_IN_NEEDED: (401, _l("Please sign in first.")),
    Code.THROTTLED: (429,
        _l("That was a lot of tries. Please wait %(minutes)s minutes, or ask the staff for "
           "a one-time code."),
        _l("That was a lot of tries. Please wait a little and try again.")),
    Code.PIN_TRIVIAL: (422,
        _l("This PIN is easy to guess. Please choose one without sequences, repeats, your "
           "phone or your birthday.")),
    Code.PIN_FORMAT: (422, _l("A PIN is six digits.")),
    Code.PASSWORD_SHORT: (422,
        _l("A password has at least %(characters)s characters. A short sentence is easy to "
           "remember."),
        _l("This password is too short.")),
    Code.PASSWORD_LONG: (422,
        _l("A password has at most %(characters)s characters."),
        _l("This password is too long.")),
    Code.PASSWORD_COMMON: (422,
        _l("This password is one that others try first. Please choose another.")),
    Code.SECRET_WRONG: (403, _l("Your present password or PIN is not right. Please try again.")),
    Code.SECRETS_DIFFER: (422, _l("The two are not the same. Please type it twice again.")),
    Code.PHONE_INVALID: (422,
        _l("This is not a telephone number. Please check it; numbers abroad begin with + "
           "and the country code.")),
    Code.PHONE_TAKEN: (409,
        _l("This phone already signs in to a passbook. Please sign in with it first and add "
           "this passbook there, or ask the staff.")),
    Code.ALREADY_BOUND: (409,
        _l("This passbook already has a sign-in. If it is yours and you cannot get in, "
           "please ask the staff for a one-time code.")),
    Code.ACTIVATION_CODE_WRONG: (422,
        _l("The number and the code do not go together. Please read both from the strip "
           "beside the card.")),
    Code.ACTIVATION_CODE_EXPIRED: (410,
        _l("This activation code has run out. The staff can give you a new one at once.")),
    Code.ACTIVATION_CODE_USED_UP: (410,
        _l("This activation code has been used, or was typed wrong too often. The staff can "
           "give you a new one at once.")),
    # Activities and events
    Code.ENDS_BEFORE_IT_STARTS: (422,
        _l("The end is not after the start. Please check the times.")),
    Code.TIME_SKIPPED: (422,
        _l("The clocks go forward then and skip this time. Please choose another.")),
    Code.PLACE_MISSING: (422, _l("Please say where people meet.")),
    Code.EVENT_TOO_LONG: (422,
        _l("An event lasts at most %(hours)s hours. Please make separate events for "
           "separate days."),
        _l("This event is too long. Please make separate events for separate days.")),
    Code.CAPACITY_INVALID: (422,
        _l("The number of places is a whole number of at least 1, or empty for no limit.")),
    Code.RULE_INVALID: (422,
        _l("This points rule cannot be worked out. Please check its numbers.")),
    Code.END_IN_FUTURE: (422,
        _l("The end cannot be later than now. Please choose an earlier time.")),
    Code.END_BEFORE_START: (422,
        _l("The end is before the start of the event. Please check the time.")),
    Code.LEFT_AT_MISSING: (422, _l("Please say when those who left early went.")),
    Code.EVENT_NOT_STARTED: (409, _l("This event has not started yet.")),
    Code.EVENT_NOT_ENDED: (409, _l("This event has not ended yet. Please end it first.")),
    Code.EVENT_ENDED: (409, _l("This event has ended. Corrections are made on its roster.")),
    Code.EVENT_HAS_ATTENDANCES: (409,
        _l("People have already checked in here. Please correct their attendances first.")),
    Code.LEADER_MISSING: (422, _l("Please choose at least one leader.")),
    Code.WEEKDAY_MISSING: (422, _l("Please choose at least one day of the week.")),
    Code.SERIES_EMPTY: (422,
        _l("No date is left. Please look at the days of the week, the last day and the "
           "holidays.")),
    Code.SERIES_TOO_LONG: (422,
        _l("A series has at most %(most)s events, at all its places together. Please choose an "
           "earlier last day."),
        _l("This series has too many events. Please choose an earlier last day.")),
    Code.SERIES_IN_PAST: (422,
        _l("The first day is over. Please choose today or a later day.")),
    Code.HOLIDAYS_UNREADABLE: (422,
        _l("“%(line)s” cannot be read. Please write it as the announcement does: the name, a "
           "colon, the days off, the days worked."),
        _l("This cannot be read. Please write it as the announcement does: the name, a colon, "
           "the days off, the days worked.")),
    # Ledger
    Code.POINTS_SHORT: (409,
        _l("The balance of %(balance_points)s points is not enough for %(needed_points)s."),
        _l("There are not enough points.")),
    Code.AMOUNT_INVALID: (422, _l("The amount is a whole number of at least 1.")),
    Code.ALREADY_REVERSED: (409, _l("This line has already been reversed.")),
    Code.REVERSAL_OF_REVERSAL: (409,
        _l("A reversal is not reversed again. Please enter an adjustment instead.")),
    Code.LINE_NOT_REVERSIBLE: (409,
        _l("Only awards, adjustments and what was brought forward can be reversed here. For "
           "other lines, please enter an adjustment instead.")),
    Code.TRANSFER_UNKNOWN: (404, _l("There is no such line in this passbook.")),
    Code.REASON_MISSING: (422, _l("Please write the reason; it is kept for ever.")),
    Code.SECOND_PERSON_NEEDED: (409,
        _l("A second person has to approve this. Please ask a colleague.")),
    Code.KEY_REUSED: (422, _l("This was sent before with other content. Nothing was changed.")),
}

OUTCOMES: dict[Outcome, LazyString] = {
    Outcome.OK_IN: _l("Checked in"),
    Outcome.OK_OUT: _l("Checked out"),
    Outcome.ALREADY_IN: _l("Already checked in"),
    Outcome.ALREADY_OUT: _l("Already checked out"),
    Outcome.OUT_BEFORE_IN: _l("Checked out; the check-in has not arrived yet"),
    Outcome.UNDONE: _l("Undone"),
    Outcome.UNDO_BEFORE_SCAN: _l("Noted; the scan it undoes has not arrived yet"),
}
# fmt: on


def status_of(code: Code) -> int:
    """HTTP status of a refusal."""
    return TABLE[code][0]


def words_for(refusal: Refusal) -> str:
    """What happened, then what to do, in the language of the request."""
    _, words, *bare = TABLE[refusal.code]
    try:
        return str(words) % _shown(refusal.facts)
    except KeyError:
        return str(bare[0])


def words_for_code(code: str, facts: Facts) -> str:
    """The words of a stored verdict: an outcome's or a refusal's."""
    if code in tuple(Outcome):
        return str(OUTCOMES[Outcome(code)])
    return words_for(Refusal(Code(code), facts))


def _shown(facts: Facts) -> dict[str, object]:
    return {name: _as_written(name, value) for name, value in facts.items() if value is not None}


def _as_written(name: str, value: object) -> object:
    english = str(get_locale()) == "en"
    if name.endswith("_at") and isinstance(value, str):
        form = "d MMM, HH:mm" if english else "M月d日 HH:mm"
        return format_datetime(datetime.fromisoformat(value), form)
    if name.endswith("_on") and isinstance(value, str):
        return format_date(date.fromisoformat(value), "d MMM yyyy" if english else "yyyy年M月d日")
    return value
