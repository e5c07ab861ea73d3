"""Phone numbers: kept as E.164 (+8613800138000), shown masked (138****8000).

Numbering plans are those of phonenumberslite. A number without a country code is China's.
"""

import re

import phonenumbers
from phonenumbers import PhoneNumberFormat

from volunteer.domain.passbook_number import digits_typed
from volunteer.domain.refusals import Code, Refusal

HOME_REGION = "CN"
HOME_PREFIX = "+86"
TAIL_DIGITS = 4
_LONGEST_TYPED = 30
# Operators open new mobile blocks sooner than the library's table is updated, and the library takes
# the beginning of 17900001000 for a carrier's dialling prefix.
_HOME_MOBILE = re.compile(r"(?:\+86|0086)?(1[3-9][0-9]{9})")
_TYPED = re.compile(r"\+?[0-9().]{5,20}")


def parse_phone(text: str) -> str | Refusal:
    """The E.164 form of what a person typed; +86 when no country code was.

    Full-width digits, spaces, hyphens and 0086 are understood. Refuses `phone_invalid`.
    """
    if len(text) > _LONGEST_TYPED:
        return Refusal(Code.PHONE_INVALID)
    typed = digits_typed(text).replace("\uff0b", "+").strip()
    if not _TYPED.fullmatch(typed):
        return Refusal(Code.PHONE_INVALID)
    if mobile := _HOME_MOBILE.fullmatch(re.sub(r"[().]", "", typed)):
        return HOME_PREFIX + mobile[1]
    try:
        number = phonenumbers.parse(typed, HOME_REGION)
    except phonenumbers.NumberParseException:
        return Refusal(Code.PHONE_INVALID)
    if phonenumbers.is_valid_number(number):
        return phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return Refusal(Code.PHONE_INVALID)


def national_digits(e164: str) -> str:
    """The digits as people of the country say them: 13800138000."""
    if mobile := _HOME_MOBILE.fullmatch(e164):
        return mobile[1]
    return str(phonenumbers.national_significant_number(phonenumbers.parse(e164)))


def mask_phone(e164: str) -> str:
    """138****8000 for a number at home, +852 ****4567 for one abroad."""
    if mobile := _HOME_MOBILE.fullmatch(e164):
        return f"{mobile[1][:3]}****{phone_tail(e164)}"
    return f"+{phonenumbers.parse(e164).country_code} ****{phone_tail(e164)}"


def phone_tail(e164: str) -> str:
    """The last four digits, which people know each other's phones by."""
    return e164[-TAIL_DIGITS:]
