"""Merging on the pages: side by side, what it does, done, undone; and the question before."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from tests.browser_form import fields_of
from tests.passbooks import post_lines
from tests.signed_in import post
from tests.town import Town
from tests.web.test_admin import Office
from volunteer.store import models as m
from volunteer.store.database import db


@pytest.fixture
def office(town: Town) -> Office:
    return Office(town)


class Twins:
    def __init__(self, office: Office) -> None:
        town = office.town
        self.home = town.building("12栋")
        self.kept, self.gone = (town.resident(building_id=self.home) for _ in range(2))
        for one in (self.kept, self.gone):
            town.card(one)
        post_lines(town, self.gone, [{"points": 30, "code": "adjustment"}])
        self.kept_ref, self.gone_ref = office.ref(self.kept), office.ref(self.gone)
        self.page = f"/admin/people/{self.kept_ref}/merge/{self.gone_ref}"


def count(model: type[m.Base]) -> int:
    db.session.remove()
    return int(db.session.scalar(select(func.count()).select_from(model)) or 0)


def test_a_merge_from_the_list_to_the_undo(office: Office) -> None:
    twins = Twins(office)
    listed = office.page("/admin/people/duplicates", "organizer")
    assert "Same name and building" in listed
    assert twins.page in listed
    asked = office.page(twins.page)
    assert "Which passbook goes on?" in asked
    seen = office.post(twins.page).get_data(as_text=True)
    assert "What the merge does" in seen
    assert re.search(r"<dt>Points</dt><dd>30</dd>", seen)
    assert count(m.ResidentMerge) == 0, "a look changes nothing"
    done = office.saved(twins.page, step="merge")
    page = office.page(done)
    assert "Merged into one passbook" in page
    closed = office.page(f"/admin/people/{twins.gone_ref}")
    assert f"/admin/people/{twins.kept_ref}" in closed
    assert "went on in another one" in closed
    assert done in office.page(f"/admin/people/{twins.kept_ref}/merges")
    assert "Nobody looks like somebody else" in office.page("/admin/people/duplicates")
    assert "Undo the merge" not in office.page(done, "auditor")
    office.saved(f"{done}/undo")
    assert "This merge was undone" in office.page(done)
    again = office.post(f"{done}/undo")
    assert again.status_code == 409


def test_an_undo_that_came_too_late_says_why(office: Office) -> None:
    twins = Twins(office)
    done = office.saved(twins.page, step="merge")
    post_lines(office.town, twins.kept, [{"points": -1, "code": "redemption"}])
    answer = office.post(f"{done}/undo")
    assert answer.status_code == 409
    assert "used since" in answer.get_data(as_text=True)


def test_what_stands_against_a_merge_is_said_beside_the_two(office: Office) -> None:
    town, twins = office.town, Twins(office)
    town.acts_for(office.logins["organizer"], twins.gone, "guardian")
    refused = office.post(twins.page, "organizer")
    assert refused.status_code == 403
    assert "their own family" in refused.get_data(as_text=True)
    same = f"/admin/people/{twins.kept_ref}/merge/{twins.kept_ref}"
    assert office.post(same).status_code == 422
    assert office.get(twins.page, "counter_staff").status_code == 403
    assert office.post(twins.page, keep="someone-else").status_code == 422


def test_two_people_are_told_apart_from_the_list(office: Office) -> None:
    twins = Twins(office)
    where = "/admin/people/duplicates/apart"
    answer = office.post(where, one=twins.kept_ref, other=twins.gone_ref)
    assert answer.status_code == 303
    assert "Nobody looks like somebody else" in office.page("/admin/people/duplicates")
    again = office.post(f"{where}?back={twins.gone_ref}", one=twins.kept_ref, other=twins.gone_ref)
    assert again.location == f"/admin/people/{twins.gone_ref}/alike"
    assert count(m.DifferentPeople) == 1


def test_adding_somebody_who_stands_there_already_is_asked_about(office: Office) -> None:
    town = office.town
    home = town.building("3栋")
    known = town.resident("王兰", building_id=home)
    new = {"name": "王兰", "place": f"b{home}", "age_band": "18_plus", "starts_on": "2026-11-01"}
    asked = office.post("/admin/people/new", **new)
    page = asked.get_data(as_text=True)
    assert "Is 王兰 one of these?" in page
    assert f"/admin/people/{office.ref(known)}" in page
    assert count(m.Resident) == 1, "nothing is saved before the answer"
    assert f'name="not_same_as" value="{known}"' in page
    # Sent as this page holds it, and nothing more: what was left empty is part of the form.
    answer = fields_of(page, "/admin/people/new")
    assert answer["place"] == f"b{home}"
    saved = post(office.client("community_admin"), "/admin/people/new", answer)
    assert saved.status_code == 302, saved.get_data(as_text=True)
    assert count(m.Resident) == 2
    assert count(m.DifferentPeople) == 1
    assert "Nobody looks like" in office.page("/admin/people/duplicates")


def test_a_corrected_name_is_asked_about_too(office: Office) -> None:
    town = office.town
    home = town.building("3栋")
    known, other = (town.resident(name, building_id=home) for name in ("王兰", "王南"))
    edit = f"/admin/people/{office.ref(other)}/edit"
    page = office.post(edit, name="王兰").get_data(as_text=True)
    assert "different people: save" in page
    assert f"/merge/{office.ref(other)}" in page
    assert str(known) in page
    saved = post(office.client("community_admin"), edit, fields_of(page, edit))
    assert saved.status_code == 302, saved.get_data(as_text=True)
    assert office.saved(edit, name_en="Wang Lan"), "and is not asked about again"


def test_a_walk_in_of_a_known_name_leads_to_the_comparison(office: Office) -> None:
    town = office.town
    home = town.building("3栋")
    known = town.resident("王兰", building_id=home)
    came = town.resident("王兰", building_id=home, state="provisional")
    waiting = office.page("/admin/people/to-confirm")
    compare = f"/admin/people/{office.ref(came)}/alike"
    assert compare in waiting
    merge = f"/admin/people/{office.ref(known)}/merge/{office.ref(came)}"
    assert merge in office.page(compare)
    office.saved(merge, step="merge")
    assert "Nobody is waiting" in office.page("/admin/people/to-confirm")


def test_another_passbook_is_found_by_name(office: Office) -> None:
    twins = Twins(office)
    found = office.page(f"/admin/people/{twins.kept_ref}/merge?q=chenxiuying")
    assert twins.page in found
    assert f"/merge/{twins.kept_ref}" not in found, "not with oneself"
