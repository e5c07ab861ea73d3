"""The fixed words of activities and events: kinds, measures, endings, phases, a rule in a line."""

from __future__ import annotations

from flask_babel.speaklater import LazyString

from volunteer.documents.messages import gettext, ngettext
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.activities import Preview, RuleNumbers
from volunteer.domain.events import Phase

KINDS: dict[str, LazyString] = {
    "environment": _l("Environment"),
    "safety": _l("Safety"),
    "patrol": _l("Patrol"),
    "outreach": _l("Outreach"),
    "care": _l("Care for neighbours"),
    "health": _l("Health"),
    "culture": _l("Culture and sport"),
    "council": _l("Residents' council"),
    "emergency": _l("Emergency"),
    "other": _l("Other kind"),
}
MEASURES: dict[str, LazyString] = {
    "service": _l("Voluntary service"),
    "participation": _l("Participation"),
}
MEASURE_NOTES: dict[str, LazyString] = {
    "service": _l("Counts service time and points."),
    "participation": _l("Meetings and the like: points, but no service time."),
}
ENDINGS: dict[str, LazyString] = {
    "leader_ends": _l("The leader ends it for everybody"),
    "each_checks_out": _l("Everybody checks out"),
    "planned_length": _l("The planned length counts"),
}
ENDING_NOTES: dict[str, LazyString] = {
    "leader_ends": _l("One tap when the tools are handed back. Right for most."),
    "each_checks_out": _l("People come and go, and scan again when they leave."),
    "planned_length": _l("The leader confirms that it went as planned."),
}
PHASES: dict[Phase, LazyString] = {
    Phase.COMING: _l("Planned"),
    Phase.OPEN: _l("Check-in open"),
    Phase.RUNNING: _l("Under way"),
    Phase.OVERDUE: _l("To be ended"),
    Phase.ENDED: _l("Ended"),
    Phase.CANCELLED: _l("Cancelled"),
}
PHASE_LOOKS: dict[Phase, tuple[str, str]] = {
    Phase.COMING: ("", "calendar"),
    Phase.OPEN: ("green", "check"),
    Phase.RUNNING: ("green", "check"),
    Phase.OVERDUE: ("amber", "warning"),
    Phase.ENDED: ("", "lock"),
    Phase.CANCELLED: ("refused", "cross"),
}
"""Colour and icon of a phase's tag."""


def points_words(points: int) -> str:
    return str(ngettext("%(num)d point", "%(num)d points", points))


def rule_words(rule: RuleNumbers) -> str:
    """A points rule in one line, only what it has: 10 points for being there · 8 points an hour."""
    parts: list[str] = []
    if rule.fixed_points:
        parts.append(gettext("%(points)s for being there", points=points_words(rule.fixed_points)))
    if rule.points_per_hour:
        parts.append(gettext("%(points)s an hour", points=points_words(rule.points_per_hour)))
    if not parts:
        return str(gettext("No points"))
    if rule.leader_factor_percent != 100:
        parts.append(gettext("leaders %(percent)d%%", percent=rule.leader_factor_percent))
    if rule.cap_event_points is not None:
        parts.append(gettext("at most %(points)d an event", points=rule.cap_event_points))
    if rule.cap_day_points is not None:
        parts.append(gettext("at most %(points)d a day", points=rule.cap_day_points))
    return " · ".join(parts)


def length_words(minutes: int) -> str:
    """3 hours · 1 hour 30 minutes."""
    hours, rest = divmod(minutes, 60)
    parts = [str(ngettext("%(num)d hour", "%(num)d hours", hours))] if hours else []
    if rest or not hours:
        parts.append(str(ngettext("%(num)d minute", "%(num)d minutes", rest)))
    return " ".join(parts)


def preview_words(shown: Preview) -> str:
    """3 hours as leader → 36 points."""
    facts = {"length": length_words(shown.minutes), "points": points_words(shown.points)}
    if shown.is_leader:
        return str(gettext("%(length)s as leader → %(points)s", **facts))
    return str(gettext("%(length)s → %(points)s", **facts))


def arithmetic_words(rule: RuleNumbers, shown: Preview) -> str:
    """How the points come about, rounded down once, then capped."""
    parts: list[str] = []
    factor = f" × {shown.factor_percent}%" if shown.factor_percent != 100 else ""
    if rule.fixed_points:
        parts.append(f"{rule.fixed_points}{factor} = {shown.parts.check_in_before_cap}")
    if rule.points_per_hour:
        quarters = ngettext("%(num)d quarter hour", "%(num)d quarter hours", shown.quarters)
        parts.append(
            f"{quarters} × {rule.points_per_hour} ÷ 4{factor} = {shown.parts.check_out_before_cap}"
        )
    words = "".join(parts)
    if len(parts) == 2:
        words = str(gettext("%(one)s; %(other)s", one=parts[0], other=parts[1]))
    if shown.capped:
        words += gettext("; capped at %(points)d", points=shown.points)
    return words
