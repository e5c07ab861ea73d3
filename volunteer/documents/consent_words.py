"""The texts that people agree to, in the version that ``domain.consents`` names, and what taking
an answer back means. A new wording of a text is a new version there."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel.speaklater import LazyString

from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.consents import Consent

TEXTS: Mapping[Consent, tuple[LazyString, ...]] = {
    Consent.GUARDIAN: (
        _l(
            "I am a guardian of this child. I agree that the child takes part, and that the "
            "community keeps the child's name, age, attendances, service time and points in the "
            "passbook."
        ),
        _l(
            "The child's name stands on no board and in no list for the public. The child counts "
            "in the total of the building and the youth group only."
        ),
    ),
    Consent.KEEP_RECORD: (
        _l(
            "I agree that the community keeps my record of service: name, where I live, "
            "attendances, service time and points."
        ),
        _l("Staff of this community see it, and nobody sells it or passes it on."),
    ),
    Consent.NAMED_BOARD: (
        _l("I agree that my name may stand on a board of volunteers, with my points and hours."),
        _l("Without it I count in the total of my building only, and nothing else changes."),
    ),
}
TAKING_BACK: Mapping[Consent, LazyString] = {
    Consent.GUARDIAN: _l(
        "From the next scan on the child is not checked in any more. What is in the passbook "
        "stays. A guardian can agree again at any time."
    ),
    Consent.KEEP_RECORD: _l(
        "From the next scan on nothing new is written down: no check-in, no points. What is in "
        "the passbook stays, because records of service have to be kept, and the points can "
        "still be used. Agree again at any time."
    ),
    Consent.NAMED_BOARD: _l(
        "From the next page on your name stands on no board. Points and hours stay as they are."
    ),
}
