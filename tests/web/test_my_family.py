"""/me/family and /admin/family-requests: asking with the card in hand, confirming, ending."""

from __future__ import annotations

import io
import re
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.signed_in import csrf_token, post, sign_in
from tests.town import PASSWORD, Town
from volunteer.documents.qr import qr_png
from volunteer.services import acts_for
from volunteer.store import models as m

MOTHER, STAFF, ELDER = "13800138005", "13800138006", "13800138007"


class Household:
    def __init__(self, app: Flask, town: Town) -> None:
        self.town = town
        self.own = town.resident("王芳")
        self.child = town.resident("王小明", birth_date=date(2016, 1, 1))
        _, self.number, self.code = town.card(self.child)
        town.login(f"+86{MOTHER}", name="王芳", acts_for={self.own: "self"})
        town.login(f"+86{STAFF}", roles=("organizer",))
        self.mother, self.staff = app.test_client(), app.test_client()
        sign_in(self.mother, MOTHER)
        sign_in(self.staff, STAFF)

    def ask(self, **more: str) -> str:
        given = {"name": "王小明", "relation": "guardian", "agrees": "y"} | more
        response = post(self.mother, f"/me/family/card/{self.code}", given)
        return response.get_data(as_text=True) if response.status_code != 303 else "asked"

    def page(self, path: str = "/me/family", client: FlaskClient | None = None) -> str:
        response = (client or self.mother).get(path)
        assert response.status_code == 200, response.get_data(as_text=True)[-1500:]
        return response.get_data(as_text=True)


@pytest.fixture
def home(app: Flask, town: Town) -> Household:
    return Household(app, town)


def test_from_the_scanned_card_to_the_open_passbook(home: Household) -> None:
    card = home.page(f"/c/{home.code}")
    assert f'href="/me/family/card/{home.code}"' in card
    form = home.page(f"/me/family/card/{home.code}")
    assert "王小明" not in form, "a card in hand does not say whose it is"
    assert "我是这个孩子的监护人" in form
    assert home.ask() == "asked"
    assert "等社区确认" in home.page()
    assert "王小明" not in home.page("/me")
    listed = home.page("/admin/family-requests", home.staff)
    assert "已替孩子签同意书" in listed
    request_id = re.search(r"/admin/family-requests/(\d+)/confirm", listed)
    assert request_id
    path = f"/admin/family-requests/{request_id[1]}/confirm"
    assert post(home.staff, path).status_code == 303
    assert "没有人等待确认" in home.page("/admin/family-requests", home.staff)
    assert "王小明" in home.page("/me")
    # A second tap is told so, and nothing else happens.
    post(home.staff, path)
    assert "刚刚被别人改过" in home.page("/admin/family-requests", home.staff)


def test_what_is_wrong_stands_at_its_field(home: Household) -> None:
    assert "姓名与这张卡不符" in home.ask(name="李小明")
    assert "未满 14 周岁的孩子，要先有监护人同意" in home.ask(agrees="")
    assert home.ask() == "asked"
    assert "已经申请过了" in home.ask()


def test_a_number_alone_is_no_card(home: Household) -> None:
    for typed in (home.number, home.number[:8], "hello", "https://evil.example/c/" + "0" * 5):
        response = post(home.mother, "/me/family/add", {"code": typed})
        assert response.status_code == 422, typed
        assert "光有号码打不开存折" in response.get_data(as_text=True)
    response = post(home.mother, "/me/family/add", {"code": f"localhost/c/{home.code}"})
    assert response.location == f"/me/family/card/{home.code}"


def test_a_photo_of_the_card(home: Household) -> None:
    photo = io.BytesIO(qr_png(f"http://localhost/c/{home.code}"))
    token = csrf_token(home.mother, "/me/family/add")
    data = {"csrf_token": token, "photo": (photo, "card.png")}
    response = home.mother.post("/me/family/add", data=data, content_type="multipart/form-data")
    assert response.location == f"/me/family/card/{home.code}"


def test_sent_back_with_the_reason(home: Household) -> None:
    home.ask()
    listed = home.page("/admin/family-requests", home.staff)
    found = re.search(r"/admin/family-requests/(\d+)/return", listed)
    assert found
    path = found[0]
    assert "王小明" in home.page(path, home.staff)
    assert post(home.staff, path, {"reason": ""}).status_code == 422
    assert post(home.staff, path, {"reason": "请到社区来一趟"}).status_code == 303
    assert "请到社区来一趟" in home.page()
    assert "王小明" not in home.page("/me")


def test_taken_back_by_who_asked(home: Household) -> None:
    home.ask()
    found = re.search(r"/me/family/requests/\d+/withdraw", home.page())
    assert found
    assert post(home.mother, found[0]).status_code == 303
    assert "等社区确认" not in home.page()
    assert post(home.mother, found[0]).status_code == 409


def test_an_elder_tells_the_pin_sees_the_helper_and_sends_them_away(
    app: Flask, home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts_for, "NOBODYS_HASH", "pbkdf2:sha256:1$salt$00")
    town = home.town
    elder = town.resident("陈秀英")
    town.login(f"+86{ELDER}", name="陈秀英", acts_for={elder: "self"})
    number = town.write(lambda tx: tx.get_one(m.Resident, elder).passbook_number)
    for given in ({"number": number, "secret": "000001"}, {"number": "13900000000", "secret": "1"}):
        response = post(home.mother, "/me/family/help", given)
        assert response.status_code in (401, 403), "an unknown number and a wrong PIN alike"
        assert "密码" in response.get_data(as_text=True)
    assert "陈秀英" not in home.page("/me")
    assert post(home.mother, "/me/family/help", {"number": number, "secret": PASSWORD}).status_code
    assert "陈秀英" in home.page("/me")
    again = post(home.mother, "/me/family/help", {"number": ELDER, "secret": PASSWORD})
    assert again.status_code == 409
    client = app.test_client()
    sign_in(client, ELDER)
    seen = home.page("/me/family", client)
    assert "王芳" in seen
    found = re.search(r"/me/family/links/\d+/end", seen)
    assert found
    assert "不再请王芳代办吗" in home.page(found[0], client)
    assert post(client, found[0]).status_code == 303
    assert "陈秀英" not in home.page("/me"), "from the next request on"


def test_whose_link_may_be_ended_by_whom(app: Flask, home: Household) -> None:
    town = home.town
    father_login = town.login(f"+86{ELDER}", name="王大力")
    fathers = town.acts_for(father_login, home.child, "guardian")
    mother_id = town.write(
        lambda tx: tx.scalars(select(m.Login.id).where(m.Login.phone == f"+86{MOTHER}")).one()
    )
    mine = town.acts_for(mother_id, home.child, "guardian")
    helps = town.acts_for(town.login(name="邻居"), home.child, "helper")
    stranger = town.acts_for(town.login(), town.resident("陌生人"), "helper")
    seen = home.page()
    assert "王大力" in seen, "two parents see each other"
    for link_id, status in ((fathers, 404), (stranger, 404), (helps, 303), (mine, 303)):
        path = f"/me/family/links/{link_id}/end"
        token = csrf_token(home.mother, "/me/family")
        response = home.mother.post(path, data={"csrf_token": token})
        assert response.status_code == status, link_id
    assert "王小明" not in home.page("/me")
    father = app.test_client()
    sign_in(father, ELDER)
    assert "王小明" in home.page("/me", father)


def test_a_child_of_age_is_said_to_be_grown(home: Household) -> None:
    town = home.town
    grown = town.resident("王大明", birth_date=date(2000, 1, 1))
    mother_id = town.write(
        lambda tx: tx.scalars(select(m.Login.id).where(m.Login.phone == f"+86{MOTHER}")).one()
    )
    town.acts_for(mother_id, grown, "guardian")
    assert "王大明已满 18 周岁" in home.page()
    assert "王大明" not in home.page("/me")
    ref = town.write(lambda tx: tx.get_one(m.Resident, grown).ref)
    assert home.mother.get(f"/passbook/{ref}").status_code == 404
