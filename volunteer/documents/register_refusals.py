"""What the registers refuse: people and places, old books, merging and leaving, spreadsheets.

Rows of the one table of ``refusals``, which says how they are written.
"""

from __future__ import annotations

from flask_babel.speaklater import LazyString

from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.refusals import Code

Row = tuple[int, LazyString] | tuple[int, LazyString, LazyString]

# fmt: off
OF_REGISTERS: dict[Code, Row] = {
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
}
