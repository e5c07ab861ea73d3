"""The checklist of a community's first day in words: its steps, and the points to begin with."""

from __future__ import annotations

from flask_babel.speaklater import LazyString

from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.first_day import Preset, Step

STEPS: dict[str, LazyString] = {
    Step.PLACES: _l("Areas and buildings"),
    Step.ORGANISATIONS: _l("Organisations"),
    Step.PEOPLE: _l("Residents"),
    Step.OPENING_BALANCES: _l("Old passbooks"),
    Step.CARDS: _l("Passbook cards"),
    Step.POINTS_RULE: _l("Points rule"),
    Step.STAFF: _l("Colleagues and roles"),
    Step.FIRST_EVENT: _l("The first event"),
}
NOTES: dict[Step, LazyString] = {
    Step.PLACES: _l("Type 1-60栋 once. Residents live there, and the board ranks by building."),
    Step.ORGANISATIONS: _l("Who hosts: the residents' committee, a team, the property company."),
    Step.PEOPLE: _l("From any spreadsheet you have, or one by one. Each gets a passbook number."),
    Step.OPENING_BALANCES: _l(
        "Points and hours of the paper book. One person writes them down, another approves; best "
        "before the first event, so that they are line 1."
    ),
    Step.CARDS: _l("Ten to a sheet, to cut and hand out. Whoever has no phone shows the card."),
    Step.POINTS_RULE: _l("What an hour or a visit is worth. One tap; any activity may differ."),
    Step.STAFF: _l(
        "Somebody besides you: to scan, to stand in for you, and to approve what you write down."
    ),
    Step.FIRST_EVENT: _l(
        "An activity and its first date. On its day there are a code screen and a card scanner."
    ),
}
PRESETS: dict[str, LazyString] = {
    Preset.HOURLY: _l("By the hour"),
    Preset.FIXED: _l("By the visit"),
    Preset.BOTH: _l("Both together"),
}
PRESET_NOTES: dict[Preset, LazyString] = {
    Preset.HOURLY: _l("Who stays longer gets more. Right where events last differently long."),
    Preset.FIXED: _l("Everybody who came gets the same. The simplest one to explain."),
    Preset.BOTH: _l("Something for coming, and the rest by the hour."),
}
