"""What the domain may answer when it says no, and how a scan turned out.

A refusal is an expected answer, decided before anything is written. The domain knows its code and
its facts; `volunteer.documents.refusals` is the one table of the words and the HTTP status.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

_FACT_TYPES = (str, int, float, bool, type(None))

Value = TypeVar("Value")


class Outcome(StrEnum):
    """Why a scan was accepted, already there, or is waiting."""

    OK_IN = "ok_in"
    OK_OUT = "ok_out"
    ALREADY_IN = "already_in"
    ALREADY_OUT = "already_out"
    OUT_BEFORE_IN = "out_before_in"
    UNDONE = "undone"
    UNDO_BEFORE_SCAN = "undo_before_scan"


class Code(StrEnum):
    """Every reason to say no. A code is stored with the scan it refused: never rename one."""

    # Codes and cards
    CODE_MALFORMED = "code_malformed"
    CODE_UNKNOWN = "code_unknown"
    CODE_EXPIRED = "code_expired"
    CODE_FOREIGN = "code_foreign"
    POSTER_OFF = "poster_off"
    CARD_UNKNOWN = "card_unknown"
    CARD_REVOKED = "card_revoked"
    CARD_REPLACED = "card_replaced"
    CARD_BLANK = "card_blank"
    CARD_FOREIGN = "card_foreign"

    # Scans
    EVENT_UNKNOWN = "event_unknown"
    EVENT_CANCELLED = "event_cancelled"
    EVENT_FULL = "event_full"
    CHECK_IN_NOT_OPEN = "check_in_not_open"
    CHECK_IN_CLOSED = "check_in_closed"
    CHECK_OUT_CLOSED = "check_out_closed"
    ROLL_CALL_OVER = "roll_call_over"
    ATTENDANCE_ANNULLED = "attendance_annulled"
    SCAN_IN_FUTURE = "scan_in_future"
    LATE_SCAN = "late_scan"
    CONSENT_MISSING = "consent_missing"
    RECORD_TAKEN_BACK = "record_taken_back"
    RESIDENT_INACTIVE = "resident_inactive"
    OWN_RECORD = "own_record"
    UNDO_TOO_LATE = "undo_too_late"
    UNDO_NOT_YOURS = "undo_not_yours"
    UNDO_UNKNOWN = "undo_unknown"
    SCAN_ID_REUSED = "scan_id_reused"
    SCAN_ID_INVALID = "scan_id_invalid"
    DIRECTION_INVALID = "direction_invalid"
    TIME_INVALID = "time_invalid"
    TOO_MANY_ROWS = "too_many_rows"
    ENVELOPE_INVALID = "envelope_invalid"
    SCAN_FILE_UNREADABLE = "scan_file_unreadable"
    SCAN_FILE_EMPTY = "scan_file_empty"
    SCAN_FILE_TOO_LARGE = "scan_file_too_large"
    PHOTO_UNREADABLE = "photo_unreadable"
    PHOTO_TOO_LARGE = "photo_too_large"
    NOBODY_TICKED = "nobody_ticked"
    PENDING_EXPIRED = "pending_expired"
    WALK_INS_FULL = "walk_ins_full"
    NAME_KNOWN = "name_known"
    CARD_TAKEN = "card_taken"
    CLASS_CONSENT_MISSING = "class_consent_missing"
    TEAM_TOO_LARGE = "team_too_large"
    NOT_CONFIRMED_AT_HOME = "not_confirmed_at_home"

    # Who may do what
    PERMISSION_MISSING = "permission_missing"
    NOT_YOUR_EVENT = "not_your_event"
    DEVICE_NOT_ALLOWED = "device_not_allowed"
    DEVICE_EXPIRED = "device_expired"
    DEVICE_REVOKED = "device_revoked"
    DEVICE_UNKNOWN = "device_unknown"
    PAGE_EXPIRED = "page_expired"
    COOKIES_NEEDED = "cookies_needed"

    # Signing in and binding
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_IN_NEEDED = "sign_in_needed"
    THROTTLED = "throttled"
    PIN_TRIVIAL = "pin_trivial"
    PIN_FORMAT = "pin_format"
    PASSWORD_SHORT = "password_short"
    PASSWORD_LONG = "password_long"
    PASSWORD_COMMON = "password_common"
    SECRET_WRONG = "secret_wrong"
    SECRETS_DIFFER = "secrets_differ"
    PHONE_INVALID = "phone_invalid"
    PHONE_TAKEN = "phone_taken"
    ALREADY_BOUND = "already_bound"
    ACTIVATION_CODE_WRONG = "activation_code_wrong"
    ACTIVATION_CODE_EXPIRED = "activation_code_expired"
    ACTIVATION_CODE_USED_UP = "activation_code_used_up"

    # People and places
    NAME_MISSING = "name_missing"
    NAME_TOO_LONG = "name_too_long"
    NAME_CHARACTERS = "name_characters"
    TEXT_TOO_LONG = "text_too_long"
    CHOICE_MISSING = "choice_missing"
    BIRTH_DATE_OR_AGE_BAND_REQUIRED = "birth_date_or_age_band_required"
    BIRTH_DATE_IN_FUTURE = "birth_date_in_future"
    NUMBER_TAKEN = "number_taken"
    NUMBER_INVALID = "number_invalid"
    ALREADY_EXISTS = "already_exists"
    IN_USE = "in_use"
    NOT_FOUND = "not_found"
    DATE_INVALID = "date_invalid"
    DATES_REVERSED = "dates_reversed"
    LAST_ADMIN = "last_admin"
    LOGIN_UNKNOWN = "login_unknown"
    GUARDIAN_OF_ADULT = "guardian_of_adult"
    GUARDIAN_TOO_YOUNG = "guardian_too_young"
    OWN_LOGIN_TOO_YOUNG = "own_login_too_young"
    CARD_NAME_DIFFERS = "card_name_differs"
    AGREEMENT_MISSING = "agreement_missing"
    ALREADY_ASKED = "already_asked"
    ACTS_FOR_ALREADY = "acts_for_already"
    HOUSEHOLD_TAKEN = "household_taken"
    HOUSEHOLD_MISSING = "household_missing"
    HOUSEHOLD_FULL = "household_full"
    CHANGED_MEANWHILE = "changed_meanwhile"
    TOO_MANY_CARDS = "too_many_cards"
    PRINT_GONE = "print_gone"
    PRINT_NOT_YOURS = "print_not_yours"
    GUARDIAN_NAME_MISSING = "guardian_name_missing"
    BUILDINGS_MISSING = "buildings_missing"
    BUILDINGS_UNREADABLE = "buildings_unreadable"
    BUILDINGS_REVERSED = "buildings_reversed"
    TOO_MANY_BUILDINGS = "too_many_buildings"

    # The paper book before
    OLD_POINTS_INVALID = "old_points_invalid"
    OLD_HOURS_INVALID = "old_hours_invalid"
    OLD_FIGURES_EMPTY = "old_figures_empty"
    OLD_BOOK_OF_GUEST = "old_book_of_guest"
    CONFIRM_FIRST = "confirm_first"
    OWN_OLD_BOOK = "own_old_book"
    BROUGHT_FORWARD_ALREADY = "brought_forward_already"

    # Merging and leaving
    MERGE_NEEDS_TWO = "merge_needs_two"
    MERGE_INTO_GONE = "merge_into_gone"
    MERGE_OF_GONE = "merge_of_gone"
    MERGE_OF_GUEST = "merge_of_guest"
    POINTS_HELD = "points_held"
    MERGE_FOLLOWED = "merge_followed"
    MERGE_CHANGED = "merge_changed"
    MERGE_POINTS_SPENT = "merge_points_spent"
    MOVE_OF_GUEST = "move_of_guest"
    MOVE_TO_ITSELF = "move_to_itself"
    MOVE_WAITS = "move_waits"
    NOT_DECEASED = "not_deceased"
    NO_POINTS_LEFT = "no_points_left"
    BEQUEST_WAITS = "bequest_waits"

    # Spreadsheets
    SHEET_TOO_LARGE = "sheet_too_large"
    SHEET_TOO_MANY_ROWS = "sheet_too_many_rows"
    SHEET_TOO_MANY_COLUMNS = "sheet_too_many_columns"
    SHEET_LOCKED = "sheet_locked"
    SHEET_OLD_FORMAT = "sheet_old_format"
    SHEET_MACROS = "sheet_macros"
    SHEET_UNREADABLE = "sheet_unreadable"
    SHEET_EMPTY = "sheet_empty"
    SHEET_MISSING = "sheet_missing"
    SHEET_KNOWN = "sheet_known"
    SHEET_NO_NAME = "sheet_no_name"
    SHEET_COLUMN_TWICE = "sheet_column_twice"
    IMPORT_FOLLOWED = "import_followed"

    # Activities and events
    ENDS_BEFORE_IT_STARTS = "ends_before_it_starts"
    TIME_SKIPPED = "time_skipped"
    PLACE_MISSING = "place_missing"
    EVENT_TOO_LONG = "event_too_long"
    CAPACITY_INVALID = "capacity_invalid"
    RULE_INVALID = "rule_invalid"
    END_IN_FUTURE = "end_in_future"
    END_BEFORE_START = "end_before_start"
    LEFT_AT_MISSING = "left_at_missing"
    EVENT_NOT_STARTED = "event_not_started"
    EVENT_NOT_ENDED = "event_not_ended"
    EVENT_ENDED = "event_ended"
    EVENT_HAS_ATTENDANCES = "event_has_attendances"
    LEADER_MISSING = "leader_missing"
    WEEKDAY_MISSING = "weekday_missing"
    SERIES_EMPTY = "series_empty"
    SERIES_TOO_LONG = "series_too_long"
    SERIES_IN_PAST = "series_in_past"
    HOLIDAYS_UNREADABLE = "holidays_unreadable"

    # Ledger
    POINTS_SHORT = "points_short"
    AMOUNT_INVALID = "amount_invalid"
    ALREADY_REVERSED = "already_reversed"
    REVERSAL_OF_REVERSAL = "reversal_of_reversal"
    LINE_NOT_REVERSIBLE = "line_not_reversible"
    TRANSFER_UNKNOWN = "transfer_unknown"
    REASON_MISSING = "reason_missing"
    SECOND_PERSON_NEEDED = "second_person_needed"
    KEY_REUSED = "key_reused"


@dataclass(frozen=True)
class Refusal:
    """An expected no.

    `facts` are JSON scalars that the words may quote (a date, a count, a masked name); they are
    kept with the scan's verdict, so no fact may hold a secret or a whole phone number.
    """

    code: Code
    facts: Mapping[str, str | float | bool | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in self.facts.items():
            assert isinstance(value, _FACT_TYPES), f"fact {name} is no JSON scalar"


class Refused(Exception):
    """Carries a refusal out of a unit of work, so that the transaction is rolled back."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def refuse(code: Code, **facts: str | float | bool | None) -> Refused:
    """The exception for `code`: `raise refuse(Code.NOT_FOUND, what="card")`."""
    return Refused(Refusal(code, facts))


def or_refuse(parsed: Value | Refusal, field_name: str = "") -> Value:
    """The value that was parsed; raises Refused when it is a refusal.

    `field_name` becomes the fact `field`: which answer of a form the refusal is about.
    """
    if not isinstance(parsed, Refusal):
        return parsed
    facts = {**parsed.facts, "field": field_name} if field_name else parsed.facts
    raise Refused(Refusal(parsed.code, facts))
