"""Moving to another community on the pages of both sides, and what the person sees after it."""

from __future__ import annotations

import re

import pytest

from tests.passbooks import post_lines
from tests.signed_in import sign_in
from tests.town import Town
from tests.web.test_admin import Office

THERE = "+8613800000011"
RESIDENT = "+8613800000012"


class Sides:
    def __init__(self, town: Town) -> None:
        self.office = Office(town)
        self.old, self.new = town.community_id, town.community("景华社区", "Jinghua")
        self.office.logins["there"] = town.login(THERE)
        town.grant(self.office.logins["there"], "organizer", self.new)
        self.who = town.resident("王兰", building_id=town.building("1栋"))
        town.login(RESIDENT, acts_for={self.who: "self"})
        town.card(self.who)
        lines = [{"points": 30, "minutes": 90, "code": "adjustment"}]
        post_lines(town, self.who, lines)
        self.ref = self.office.ref(self.who)
        self.move = f"/admin/people/{self.ref}/move"
        client = town.app.test_client()
        sign_in(client, THERE)
        client.set_cookie("language", "en")
        self.office._clients["there"] = client

    def arrival(self) -> str:
        page = self.office.page("/admin/people/arrivals", "there")
        found = re.search(r'href="(/admin/people/arrivals/[^"]+)"', page)
        assert found, page
        return found[1]


@pytest.fixture
def sides(town: Town) -> Sides:
    return Sides(town)


def test_asked_here_and_taken_there(sides: Sides) -> None:
    office = sides.office
    assert "Jinghua" in office.page(sides.move, "organizer")
    assert "Please choose a community" in office.refused(sides.move, 422, "choose", community="")
    office.saved(sides.move, "organizer", community=str(sides.new))
    assert "Jinghua has been asked" in office.page(sides.move)
    arrival = sides.arrival()
    assert office.get(arrival, "organizer").status_code == 404, "not this side's to take in"
    assert "王兰" in office.page(arrival, "there")
    assert office.saved(arrival, "there").endswith("/arrivals")
    assert "Nobody is arriving" in office.page("/admin/people/arrivals", "there")
    assert "Is in another community now" in office.page(f"/admin/people/{sides.ref}")
    assert re.search(r"Points that went along</dt><dd>30<", office.page(sides.move))
    found = office.page("/admin/people?q=王兰", "there")
    there = re.search(r'href="(/admin/people/[0-9a-f]{16})"', found)
    assert there, found
    assert "1.5 hours served elsewhere before" in office.page(there[1], "there")


def test_the_person_reads_both_passbooks(sides: Sides) -> None:
    office = sides.office
    office.saved(sides.move, community=str(sides.new))
    office.saved(sides.arrival(), "there")
    client = office.town.app.test_client()
    sign_in(client, RESIDENT)
    client.set_cookie("language", "en")
    page = client.get("/passbook").get_data(as_text=True)
    assert "from 梅富社区" in page or "from Meifu" in page
    assert "before in" in page
    old = client.get(f"/passbook/{sides.ref}").get_data(as_text=True)
    assert "Closed when you moved" in old
    assert "to Jinghua" in old
    line = client.get(f"/passbook/{sides.ref}/2").get_data(as_text=True)
    assert "that community can certify it" in line


def test_nobody_is_pushed_and_nobody_is_kept(sides: Sides) -> None:
    office = sides.office
    office.saved(sides.move, community=str(sides.new))
    arrival = sides.arrival()
    office.saved(f"{arrival}/decline", "there")
    assert "did not take them in" in office.page(sides.move)
    office.saved(sides.move, community=str(sides.new))
    office.saved(f"{sides.move}/withdraw")
    assert "Nobody is arriving" in office.page("/admin/people/arrivals", "there")
    late = office.post(sides.move, community=str(sides.new))
    assert late.status_code == 302
    again = office.post(sides.move, community=str(sides.new))
    assert again.status_code == 409
