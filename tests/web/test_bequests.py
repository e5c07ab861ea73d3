"""The points of somebody who passed away, on the pages of the two who decide."""

from __future__ import annotations

import pytest

from tests.passbooks import post_lines
from tests.town import Town
from tests.web.test_admin import Office
from volunteer.domain.passbook_number import passbook_number_from
from volunteer.store import models as m


@pytest.fixture
def office(town: Town) -> Office:
    return Office(town)


def number_of(office: Office, resident_id: int) -> str:
    found = office.town.write(lambda tx: tx.get(m.Resident, resident_id))
    assert found is not None
    return found.passbook_number


def test_from_the_person_s_page_to_the_family(office: Office) -> None:
    town = office.town
    who, child = town.resident("陈秀英"), town.resident("王兰")
    town.card(who)
    post_lines(town, who, [{"points": 30, "code": "adjustment"}])
    page = f"/admin/people/{office.ref(who)}"
    left = f"{page}/points-left"
    assert office.get(left, "organizer").status_code == 409, "not before it is written down"
    asked = office.page(f"{page}/state/deceased", "organizer")
    assert "nothing is printed or sent to them any more" in asked
    office.saved(f"{page}/state/deceased", "organizer", day="2026-11-20")
    shown = office.page(page, "organizer")
    assert "The points they left" in shown
    assert "New card" not in shown
    unknown = passbook_number_from(12345)
    office.refused(left, 422, "number", to="by_number", number=unknown)
    number = number_of(office, child)
    office.saved(left, "organizer", to="by_number", number=number)
    assert "Waits for a second person" in office.page(left, "organizer")
    listed = office.page("/admin/people/points-left")
    assert "王兰" in listed
    assert office.get("/admin/people/points-left", "organizer").status_code == 403
    office.saved("/admin/people/points-left/1/approve")
    assert "30 points" in office.page(left, "organizer")
    assert "Nothing is waiting" in office.page("/admin/people/points-left")


def test_a_relative_is_offered_and_a_proposal_taken_back(office: Office) -> None:
    town = office.town
    who, child = town.resident("陈秀英", state="deceased"), town.resident("王兰")
    town.login(acts_for={who: "helper", child: "self"})
    post_lines(town, who, [{"points": 30, "code": "adjustment"}])
    left = f"/admin/people/{office.ref(who)}/points-left"
    assert f'value="{child}"' in office.page(left)
    office.saved(left, to=str(child))
    own = office.post("/admin/people/points-left/1/approve")
    assert own.status_code == 409, "not by the proposer"
    office.saved("/admin/people/points-left/1/withdraw")
    assert "Withdrawn" in office.page(left)
