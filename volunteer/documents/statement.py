"""What a passbook's lines say: the summary of a line, and why its amount is what it is."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from flask_babel.speaklater import LazyString

from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.provenances import provenance_words
from volunteer.domain.points import PointsRule

SUMMARIES: dict[str, LazyString] = {
    "award": _l("Voluntary service"),
    "adjustment": _l("Adjustment"),
    "reversal": _l("Reversal"),
    "opening_balance": _l("Brought forward from the old passbook"),
    "redemption": _l("Redemption"),
    "debt": _l("To be earned back"),
    "debt_recovery": _l("Earned back"),
    "gift": _l("Gift of points"),
    "lapse": _l("Lapsed to the care pool"),
    "merge": _l("Passbooks merged"),
    "move": _l("Moved between communities"),
}

EXPLANATIONS: dict[str, LazyString] = {
    "reversal": _l(
        "This line takes another one back, with the same amounts the other way round. Both stay "
        "in the book, so that everybody can see what happened."
    ),
    "debt": _l(
        "A line was taken back after its points had already been used. The community lends the "
        "missing points here; they are earned back bit by bit from later awards. Nothing else "
        "has to be done, and service time is not touched."
    ),
    "debt_recovery": _l("Part of an award goes to points that were to be earned back from before."),
    "adjustment": _l("The staff corrected something by hand, for the reason given."),
    "opening_balance": _l(
        "What stood in the paper passbook was carried over: one member of staff wrote it down, "
        "another one approved. It counts in this passbook, on no board and on no certificate."
    ),
    "redemption": _l("Points were exchanged at the counter."),
    "merge": _l(
        "One person had two passbooks, and one went on with what was in both. Printed lines stay "
        "where they were."
    ),
    "move": _l(
        "The points went along to another community. Service time stays where it was served: "
        "that community can certify it."
    ),
    "gift": _l("Points were passed on to somebody else, or to the care pool."),
}

ENDINGS: dict[str, LazyString] = {
    "own": _l("checked out"),
    "leader": _l("ended by the leader"),
    "auto": _l("checked out automatically"),
}

RELATIONS: dict[str, LazyString] = {
    "self": _l("the person themself"),
    "guardian": _l("guardian"),
    "helper": _l("helper"),
}

ROLES: dict[str, LazyString] = {
    "leader": _l("leader"),
    "organizer": _l("organizer"),
    "counter_staff": _l("counter staff"),
    "community_admin": _l("community admin"),
    "auditor": _l("auditor"),
    "sub_district_admin": _l("sub-district admin"),
}


def summary(code: str, activity: str | None) -> str:
    """What the line is for: the activity, or the kind of line."""
    if code == "award":
        return activity or str(SUMMARIES[code])
    if code == "reversal" and activity:
        return str(_("Reversal: %(activity)s", activity=activity))
    return str(SUMMARIES[code])


def how_checked_in(provenance: str | None) -> str:
    """Under an award for being there: how it was recorded."""
    return " · ".join(filter(None, (_("Check-in"), provenance_words(provenance))))


def how_served(duration: str | None, ended_how: str | None) -> str:
    """Under an award for time: how long, and how it ended where the person did not end it."""
    served = _("Service %(duration)s", duration=duration) if duration else _("By the hour")
    ending = str(ENDINGS[ended_how]) if ended_how in ("leader", "auto") else ""
    return " · ".join(filter(None, (served, ending)))


def check_code(entry_hash: bytes) -> str:
    """The short form of a line's hash: 3F2A 91BC."""
    digits = entry_hash.hex()[:8].upper()
    return f"{digits[:4]} {digits[4:]}"


def arithmetic(facts: Mapping[str, Any], rule: PointsRule | None, amount_points: int) -> list[str]:
    """How an award's points were worked out, a step a sentence; [] for other lines.

    ``facts`` are the transfer's own, frozen when it was posted; the rule adds its caps.
    """
    if facts.get("part") == "check_in":
        steps = [_fixed(facts)]
    elif facts.get("part") == "check_out":
        steps = _hourly(facts)
    else:
        return []
    if amount_points < facts.get("points_before_cap", amount_points) and rule is not None:
        steps.append(_cap(rule, amount_points))
    return steps


def _fixed(facts: Mapping[str, Any]) -> str:
    points, factor = facts["fixed_points"], facts["factor_percent"]
    if factor == 100:
        return str(_("For being there: %(points)s points", points=points))
    exact = Fraction(points * factor, 100)
    return str(
        _(
            "For being there: %(points)s points × %(factor)s%% for leading = %(result)s",
            points=points,
            factor=factor,
            result=_rounded(exact),
        )
    )


def _hourly(facts: Mapping[str, Any]) -> list[str]:
    quarters, rate = facts["quarter_hours"], facts["points_per_hour"]
    factor = facts["factor_percent"]
    served = _(
        "%(minutes)s minutes hold %(quarters)s whole quarter hours",
        minutes=facts["minutes"],
        quarters=quarters,
    )
    if rate == 0:
        return [served, _("This rule gives no points by the hour.")]
    exact = Fraction(quarters * rate * factor, 400)
    values = {"quarters": quarters, "rate": rate, "factor": factor, "result": _rounded(exact)}
    if factor == 100:
        return [
            served,
            _("%(quarters)s quarter hours × %(rate)s points an hour ÷ 4 = %(result)s", **values),
        ]
    return [
        served,
        _(
            "%(quarters)s quarter hours × %(rate)s points an hour ÷ 4 × %(factor)s%% for leading"
            " = %(result)s",
            **values,
        ),
    ]


def _rounded(exact: Fraction) -> str:
    whole = exact.numerator // exact.denominator
    if whole == exact:
        return str(whole)
    return str(_("%(exact)s, rounded down to %(whole)s", exact=f"{float(exact):g}", whole=whole))


def _cap(rule: PointsRule, amount_points: int) -> str:
    limits = []
    if rule.cap_event_points is not None:
        limits.append(_("%(points)s points an event", points=rule.cap_event_points))
    if rule.cap_day_points is not None:
        limits.append(_("%(points)s points a day", points=rule.cap_day_points))
    return str(
        _(
            "The rule gives at most %(limits)s. What was left of that: %(points)s points",
            limits=_(" and ").join(limits),
            points=amount_points,
        )
    )
