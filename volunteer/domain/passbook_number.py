"""Passbook and card numbers.

A passbook number is eight digits for life: seven chosen at random and a check digit. A card number
is the passbook number and a two-digit issue, so a replaced card has another number while the
person keeps theirs.

The check digit is Damm's. It catches every single wrong digit and every swap of two neighbours, the
slips people make when they read a number out or type it, and it stays within the ten digits:
ISO 7064 MOD 11-2 needs an X, and MOD 11-10 lets some swaps through. Damm ignores leading zeros, so
a passbook number never begins with one.
"""

from stdnum import damm

PASSBOOK_DIGITS = 8
CARD_DIGITS = 10
FIRST_ISSUE = 1
LAST_ISSUE = 99
NUMBERS_AVAILABLE = 9_000_000

_DIGITS = frozenset("0123456789")
_SEPARATORS = " \u3000\u00a0-\uff0d\u2010\u2011\u2012\u2013\u2014"
# Chinese input methods type full-width digits, and people write a number in groups of four.
_TYPED = str.maketrans(
    {chr(0xFF10 + digit): str(digit) for digit in range(10)} | dict.fromkeys(_SEPARATORS)
)


def passbook_number_from(random_number: int) -> str:
    """The passbook number that `random_number` stands for.

    The caller draws `random_number` evenly from at least `NUMBERS_AVAILABLE` values and draws again
    when the number is taken. Numbers are drawn, not counted, so that one says nothing of the next.
    """
    seven = str(1_000_000 + random_number % NUMBERS_AVAILABLE)
    return seven + damm.calc_check_digit(seven)


def card_number(passbook_number: str, issue: int) -> str:
    """The ten digits of the `issue`-th card of a passbook, the first being 1."""
    assert is_passbook_number(passbook_number)
    assert FIRST_ISSUE <= issue <= LAST_ISSUE
    return f"{passbook_number}{issue:02d}"


def passbook_number_of(card_number: str) -> str:
    """The passbook number inside a card number."""
    return card_number[:PASSBOOK_DIGITS]


def issue_of(card_number: str) -> int:
    """Which card of its passbook this is, the first being 1."""
    return int(card_number[PASSBOOK_DIGITS:])


def digits_typed(text: str) -> str:
    """`text` with full-width digits made plain, spaces and hyphens left out."""
    return text.translate(_TYPED)


def is_passbook_number(digits: str) -> bool:
    """Whether these are eight plain digits with a fitting check digit."""
    return (
        len(digits) == PASSBOOK_DIGITS
        and _DIGITS.issuperset(digits)
        and digits[0] != "0"
        and damm.is_valid(digits)
    )


def is_card_number(digits: str) -> bool:
    """Whether these are ten plain digits: a passbook number and an issue from 01 to 99."""
    return (
        len(digits) == CARD_DIGITS
        and _DIGITS.issuperset(digits)
        and digits[PASSBOOK_DIGITS:] != "00"
        and is_passbook_number(digits[:PASSBOOK_DIGITS])
    )


def parse_passbook_number(text: str) -> str | None:
    """The eight digits a person typed, or None."""
    digits = digits_typed(text)
    return digits if is_passbook_number(digits) else None


def parse_card_number(text: str) -> str | None:
    """The ten digits a person typed, or None."""
    digits = digits_typed(text)
    return digits if is_card_number(digits) else None


def format_number(digits: str) -> str:
    """A number in groups as it is printed: 4 4 for a passbook, 4 4 2 for a card."""
    return " ".join(part for part in (digits[:4], digits[4:8], digits[8:]) if part)
