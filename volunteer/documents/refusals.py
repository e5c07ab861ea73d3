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
from volunteer.domain.refusals import Code, Outcome, Refusal

Row = tuple[int, LazyString] | tuple[int, LazyString, LazyString]
Facts = Mapping[str, str | int | float | bool | None]

# fmt: off
TABLE: dict[Code, Row] = {
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
    # People and places
    Code.NAME_MISSING: (422, _l("Please enter a name.")),
    Code.NAME_TOO_LONG: (422,
        _l("A name has at most %(longest)s characters."),
        _l("This name is too long.")),
    Code.NAME_CHARACTERS: (422,
        _l("These signs do not belong in a name: %(characters)s"),
        _l("There are signs here that do not belong in a name.")),
    Code.TEXT_TOO_LONG: (422,
        _l("At most %(longest)s characters, please."),
        _l("This text is too long.")),
    Code.CHOICE_MISSING: (422, _l("Please choose one.")),
    Code.BIRTH_DATE_OR_AGE_BAND_REQUIRED: (422,
        _l("Please enter the birth date, or choose an age band.")),
    Code.BIRTH_DATE_IN_FUTURE: (422, _l("This birth date has not come yet. Please check it.")),
    Code.NUMBER_TAKEN: (409,
        _l("This number is already in use. Please check it, or look up who has it.")),
    Code.NUMBER_INVALID: (422,
        _l("This number has a slip in it. Please compare it digit by digit with the card.")),
    Code.ALREADY_EXISTS: (409,
        _l("There is one like this already. Please use that one, or choose another name.")),
    Code.IN_USE: (409,
        _l("This is still in use and cannot be removed. It can be deactivated instead.")),
    Code.NOT_FOUND: (404,
        _l("There is nothing here that you can see. It may have been moved, or belong to "
           "another community.")),
    Code.DATE_INVALID: (422, _l("This is not a date that can be right. Please check it.")),
    Code.DATES_REVERSED: (422, _l("The last day is before the first. Please check the dates.")),
    Code.LAST_ADMIN: (409,
        _l("A community keeps at least one admin. Please name another one first.")),
    Code.LOGIN_UNKNOWN: (404,
        _l("Nobody signs in with this phone yet. Please check the number; somebody new starts "
           "with the code from their card or from the staff.")),
    Code.GUARDIAN_OF_ADULT: (409,
        _l("This person is 18 or older and has no guardian here. Whoever helps them does so as a "
           "helper.")),
    Code.GUARDIAN_TOO_YOUNG: (403,
        _l("A guardian is 18 or older. Please let a parent ask with their own sign-in.")),
    Code.OWN_LOGIN_TOO_YOUNG: (409,
        _l("Under 14 a guardian signs in for the child. Please choose that you are the "
           "guardian.")),
    Code.CARD_NAME_DIFFERS: (422,
        _l("The name does not fit this card. Please write it as it stands on the card, or scan "
           "the right card.")),
    Code.AGREEMENT_MISSING: (422,
        _l("A child under 14 takes part once a guardian has agreed. Please read the text and "
           "tick it.")),
    Code.ALREADY_ASKED: (409,
        _l("You have asked for this already. The community staff will look at it.")),
    Code.ACTS_FOR_ALREADY: (409,
        _l("This passbook is open to this sign-in already. It is listed under Me.")),
    Code.HOUSEHOLD_TAKEN: (409,
        _l("This person belongs to a household already. Whoever changes to another one leaves "
           "that one first.")),
    Code.HOUSEHOLD_MISSING: (409,
        _l("There is no household here yet. Please found one first, or check the number.")),
    Code.HOUSEHOLD_FULL: (409,
        _l("A household has at most %(most)s people here, with those who have not answered yet."),
        _l("This household is full.")),
    Code.CHANGED_MEANWHILE: (409,
        _l("Somebody changed this a moment ago. Please look at it again, then save.")),
    Code.BUILDINGS_MISSING: (422,
        _l("Please say which buildings, for instance 1-60.")),
    Code.BUILDINGS_UNREADABLE: (422,
        _l("“%(piece)s” cannot be read as buildings. Please write it as 1-60, or name by name "
           "with commas between."),
        _l("This cannot be read as buildings. Please write it as 1-60, or name by name "
           "with commas between.")),
    Code.BUILDINGS_REVERSED: (422,
        _l("“%(piece)s” runs backwards. Please write the smaller number first."),
        _l("A range runs backwards. Please write the smaller number first.")),
    Code.TOO_MANY_BUILDINGS: (422,
        _l("At most %(most)s buildings at a time, please."),
        _l("These are too many buildings at a time.")),
    # The paper book before
    Code.OLD_POINTS_INVALID: (422,
        _l("Points are a whole number up to %(most)s. Please check it against the old book."),
        _l("Points are a whole number. Please check it against the old book.")),
    Code.OLD_HOURS_INVALID: (422,
        _l("Time is written as hours, such as 12.5, or 12:30, and is at most %(most)s hours. "
           "Please check it against the old book."),
        _l("Time is written as hours, such as 12.5, or 12:30. Please check it against the old "
           "book.")),
    Code.OLD_FIGURES_EMPTY: (422,
        _l("There is nothing to bring forward. Please enter points, hours or both.")),
    Code.OLD_BOOK_OF_GUEST: (409,
        _l("This is a guest's passbook. What stood in their old book is brought forward in their "
           "own community.")),
    Code.CONFIRM_FIRST: (409,
        _l("Nobody has confirmed this person yet. Please confirm them first, then go on here.")),
    Code.OWN_OLD_BOOK: (403,
        _l("Nobody brings their own old passbook forward, or that of their family. Please ask a "
           "colleague.")),
    Code.BROUGHT_FORWARD_ALREADY: (409,
        _l("The old passbook of this person was brought forward already. If the figures are wrong, "
           "please reverse that line first, then enter the right ones.")),
    # Merging and leaving
    Code.TOO_MANY_CARDS: (422,
        _l("That would be %(count)s cards; at most %(most)s are printed at a time. Please choose "
           "an area or a building first."),
        _l("That is too many cards at a time. Please choose an area or a building first.")),
    Code.PRINT_GONE: (410,
        _l("These pages are deleted: they are kept for a day, because they hold activation codes. "
           "Please print the cards again.")),
    Code.PRINT_NOT_YOURS: (403,
        _l("Only who asked for these pages opens them, because they hold activation codes. Please "
           "print the cards yourself.")),
    Code.GUARDIAN_NAME_MISSING: (422,
        _l("%(name)s is under 14: please write the name of the guardian who signed."),
        _l("Under 14 a guardian signs: please write their name.")),
    Code.MERGE_NEEDS_TWO: (422,
        _l("This is one and the same passbook. Please choose another one.")),
    Code.MERGE_INTO_GONE: (409,
        _l("The passbook that stays must belong to somebody who is confirmed. Please keep the "
           "other one, or confirm this person first.")),
    Code.MERGE_OF_GONE: (409,
        _l("This passbook is closed already. Please look at the person's page.")),
    Code.MERGE_OF_GUEST: (409,
        _l("A guest's passbook belongs to their own community. Please merge them there.")),
    Code.POINTS_HELD: (409,
        _l("Some points are set aside for something booked. Please finish or cancel that first.")),
    Code.MERGE_FOLLOWED: (409,
        _l("Another merge came after this one. Please undo the later one first.")),
    Code.MERGE_CHANGED: (409,
        _l("Something was recorded in these passbooks since they were merged, so they can no "
           "longer be taken apart. Please correct it line by line.")),
    Code.MERGE_POINTS_SPENT: (409,
        _l("Some of these points were used since, so the passbooks can no longer be taken apart. "
           "Please correct it line by line.")),
    Code.MOVE_OF_GUEST: (409,
        _l("A guest is at home in another community. The staff there can arrange the move.")),
    Code.MOVE_TO_ITSELF: (422,
        _l("They are on the books of this community already. Please choose another one.")),
    Code.MOVE_WAITS: (409,
        _l("A move to another community is waiting for them. Please finish or withdraw it first.")),
    Code.NOT_DECEASED: (409,
        _l("This is for the passbook of somebody who has passed away. Please note that on the "
           "person's page first.")),
    Code.NO_POINTS_LEFT: (409,
        _l("There are no points in this passbook to pass on.")),
    Code.BEQUEST_WAITS: (409,
        _l("A proposal for these points is waiting already. Please approve or withdraw it first.")),

    # Spreadsheets
    Code.SHEET_TOO_LARGE: (413,
        _l("This file is larger than %(megabytes)s MB, or unpacks to far more. Please keep only "
           "the sheet with the people, or split it."),
        _l("This file is too large. Please keep only the sheet with the people, or split it.")),
    Code.SHEET_TOO_MANY_ROWS: (413,
        _l("There are more than %(most)s rows in this sheet. Please split it."),
        _l("There are too many rows in this sheet. Please split it.")),
    Code.SHEET_TOO_MANY_COLUMNS: (413,
        _l("There are more than %(most)s columns in this sheet. Please delete those that are not "
           "needed."),
        _l("There are too many columns in this sheet. Please delete those that are not needed.")),
    Code.SHEET_LOCKED: (422,
        _l("This file is protected by a password. Please open it, remove the password, save it "
           "and choose it again.")),
    Code.SHEET_OLD_FORMAT: (422,
        _l("This is an old .xls file. Please open it and save it as .xlsx, then choose it "
           "again.")),
    Code.SHEET_MACROS: (422,
        _l("There are macros in this file. Please save it as .xlsx without macros, then choose "
           "it again.")),
    Code.SHEET_UNREADABLE: (422,
        _l("This is not a spreadsheet that can be read. Please save it as .xlsx or .csv and "
           "choose it again.")),
    Code.SHEET_EMPTY: (422,
        _l("There is nothing in this sheet. Please check that it was saved, then choose it "
           "again.")),
    Code.SHEET_MISSING: (422, _l("No file came along. Please choose one first.")),
    Code.SHEET_KNOWN: (409,
        _l("This very file was imported before. Please say that you want to import it again, or "
           "choose another.")),
    Code.SHEET_NO_NAME: (422,
        _l("No column is the name. Please say which column holds people's names.")),
    Code.SHEET_COLUMN_TWICE: (422,
        _l("Two columns are said to be the same thing. Please leave one of them out.")),
    Code.IMPORT_FOLLOWED: (409,
        _l("%(count)s of these people have later records (%(names)s), so this import can no "
           "longer be undone. Please correct people one by one."),
        _l("Some of these people have later records, so this import can no longer be undone. "
           "Please correct people one by one.")),
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
