"""A school class that comes next Friday: made and listed beforehand, so it is on no total yet."""

from __future__ import annotations

from datetime import date, datetime
from random import Random
from uuid import UUID, uuid5

from volunteer.cli.demo.founding import EVERYWHERE
from volunteer.cli.demo.names import CHILDREN, SURNAMES
from volunteer.domain.age import AgeBand
from volunteer.domain.scans import Recorder
from volunteer.domain.tokens import Keys
from volunteer.queries.demo import read_places
from volunteer.queries.visiting_teams import read_teams
from volunteer.services.team_people import ListOfPeople, add_people
from volunteer.services.visiting_teams import TeamDetails, add_team

NAME, NAME_EN = "莲花小学五（1）班", "Class 5 (1), Lianhua Primary School"
PUPILS = 12
_FORM = UUID("0b0d6f0e-6b7c-4b5c-8d55-7a1f2d9c3e41")


def invite_team(
    community_id: int, event_id: int, recorder: Recorder, *, keys: Keys, now: datetime, today: date
) -> None:
    """Once: a load that was stopped finds the team, and adds who is missing of its list."""
    by = recorder.login_id
    assert by is not None
    known = read_teams(EVERYWHERE, community_id, today=today, q=NAME)
    team_id = known[0].team_id if known else None
    if team_id is None:
        kinds = read_places(community_id, EVERYWHERE).kinds
        details = TeamDetails(
            NAME,
            kinds.get("school") or next(iter(kinds.values())),
            NAME_EN,
            contact="罗静",
            expected=PUPILS,
            has_minors=True,
            accompanied_by="罗静",
        )
        team_id = add_team(
            community_id, details, event_id=event_id, by=by, now=now, scope=EVERYWHERE
        )
    people = ListOfPeople(
        team_id,
        _pupils(),
        AgeBand.UNDER_14.value,
        uuid5(_FORM, str(team_id)),
        vouched=True,
        event_id=event_id,
    )
    add_people(people, recorder, keys=keys, now=now, scope=EVERYWHERE)


def _pupils() -> tuple[str, ...]:
    random = Random(NAME)
    given = random.sample(CHILDREN, PUPILS)
    return tuple(random.choice(SURNAMES) + one for one in given)
