"""The demo's residents: a building at a time, each a transaction, each with cards for all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import groupby

from volunteer.cli.demo.history import ZONE
from volunteer.cli.demo.people import PersonPlan
from volunteer.cli.demo.plan import DemoPlan
from volunteer.domain.access import Scope
from volunteer.domain.card_receipts import Receipt
from volunteer.domain.people import Home, NewPerson
from volunteer.domain.tokens import Keys
from volunteer.queries.demo import read_demo_communities, read_people, read_places
from volunteer.services.card_receipts import record_receipts
from volunteer.services.people import add_residents

EVERYWHERE = Scope.everything()


def move_people_in(plan: DemoPlan, now: datetime, keys: Keys, step: Callable[[int], None]) -> None:
    """Add everybody, with home, passbook, card, membership and a child's consent; and all of them
    have signed for their card."""
    communities = read_demo_communities(EVERYWHERE)
    today = now.astimezone(ZONE).date()
    for community in plan.communities:
        community_id = communities[community.name].community_id
        places = read_places(community_id, EVERYWHERE)
        there = read_people(community_id, EVERYWHERE)
        for name, group in groupby(community.people, key=lambda person: person.building):
            building_id, people = places.buildings[name], list(group)
            ids = [one.resident_id for one in there.get(building_id, [])]
            if not ids:
                home = Home(today, building_id=building_id)
                new = [_new(person, home, places.youth_groups) for person in people]
                added = add_residents(
                    community_id, new, keys=keys, by=None, now=now, scope=EVERYWHERE
                )
                ids = [one.resident_id for one in added]
            signed = [
                Receipt(one, guardian=person.consent_by or "")
                for one, person in zip(ids, people, strict=True)
            ]
            record_receipts(community_id, signed, by=None, now=now, scope=EVERYWHERE)
            step(1)


def _new(person: PersonPlan, home: Home, groups: dict[str, int]) -> NewPerson:
    return NewPerson(
        name=person.name,
        name_en=person.name_en,
        birth_date=person.birth_date,
        age_band=person.age_band,
        home=Home(home.starts_on, building_id=home.building_id, room=person.room),
        youth_group_id=groups[person.youth_group] if person.youth_group else None,
        member_since=home.starts_on,
        guardian_consent_by=person.consent_by,
    )
