"""/me/consents, /me/phone and /me/switch as the person at the phone meets them."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.signed_in import post, sign_in
from tests.town import PASSWORD, Town
from volunteer import clock
from volunteer.domain.activation import Purpose, activation_code_hash, expires_at
from volunteer.store import models as m

MOTHER = "13800138005"


class Phone:
    def __init__(self, app: Flask, town: Town) -> None:
        self.app, self.town = app, town
        self.own = town.resident("王芳")
        self.child = town.resident("王小明", birth_date=date(2016, 1, 1))
        self.other = town.resident("王小红", birth_date=date(2018, 1, 1))
        self.helped = town.resident("陈秀英")
        town.login(
            f"+86{MOTHER}",
            name="王芳",
            acts_for={
                self.own: "self",
                self.child: "guardian",
                self.other: "guardian",
                self.helped: "helper",
            },
        )
        self.client: FlaskClient = app.test_client()
        sign_in(self.client, MOTHER)

    def ref(self, resident_id: int) -> str:
        found = select(m.Resident.ref).where(m.Resident.id == resident_id)
        return self.town.write(lambda tx: str(tx.execute(found).scalar_one()))

    def page(self, path: str) -> str:
        response = self.client.get(path)
        assert response.status_code == 200
        return response.get_data(as_text=True)


@pytest.fixture
def phone(app: Flask, town: Town) -> Phone:
    return Phone(app, town)


def test_each_question_is_given_and_taken_back(phone: Phone) -> None:
    listed = phone.page("/me/consents")
    assert "王小明" in listed
    assert "陈秀英" not in listed, "a helper agrees to nothing"
    path = f"/me/consents/{phone.ref(phone.child)}/guardian_consent"
    assert "我是这个孩子的监护人" in phone.page(path)
    assert post(phone.client, path, {"given": "yes"}).status_code == 303
    assert "由王芳于" in phone.page("/me/consents") or "王芳" in phone.page("/me/consents")
    assert "孩子不再签到" in phone.page(path), "what taking it back means is said first"
    assert post(phone.client, path, {"given": "no"}).status_code == 303
    answers = phone.town.write(lambda tx: tx.scalars(select(m.Consent.given)).all())
    assert answers == [True, False]


def test_nobody_answers_what_is_not_asked_of_them(phone: Phone) -> None:
    for of, what in (
        (phone.child, "named_board"),
        (phone.helped, "keep_record"),
        (phone.own, "guardian_consent"),
        (phone.own, "everything"),
    ):
        path = f"/me/consents/{phone.ref(of)}/{what}"
        assert phone.client.get(path).status_code == 404
        assert post(phone.client, path, {"given": "yes"}).status_code == 404
    assert phone.client.get("/me/consents/nobody/keep_record").status_code == 404


def test_the_phone_is_changed_on_its_page(phone: Phone) -> None:
    code, key = "482910337", phone.town.keys.activation_code
    phone.town._add(
        m.ActivationCode,
        community_id=phone.town.community_id,
        resident_id=phone.own,
        purpose=Purpose.STAFF.value,
        code_hash=activation_code_hash(key, phone.own, code),
        created_at=clock.now(),
        expires_at=expires_at(Purpose.STAFF, clock.now()),
    )
    given = {"phone": "13800138006", "secret": PASSWORD, "code": "482 910 337"}
    wrong = post(phone.client, "/me/phone", given | {"secret": "wrong"})
    assert wrong.status_code == 403
    assert "密码不对" in wrong.get_data(as_text=True)
    assert "aria-invalid" in wrong.get_data(as_text=True)
    assert post(phone.client, "/me/phone", given).status_code == 303
    assert "138****8006" in phone.page("/me")


def test_who_has_no_passbook_of_their_own_is_told_so(app: Flask, town: Town) -> None:
    town.login(f"+86{MOTHER}", roles=("organizer",))
    client = app.test_client()
    sign_in(client, MOTHER)
    assert "没有自己的存折" in client.get("/me/phone").get_data(as_text=True)


def test_one_tap_opens_the_other_book_until_somebody_signs_out(phone: Phone) -> None:
    child, own = phone.ref(phone.child), phone.ref(phone.own)
    assert f'value="{child}"' in phone.page("/home")
    response = post(phone.client, "/me/switch", {"person": child})
    assert response.location == "/home"
    shown = phone.page("/home")
    assert f'value="{child}" aria-current="true"' in shown
    assert "王小明的存折" in phone.page("/passbook"), "it stays chosen from page to page"
    card = phone.page(f"/me/card/{own}")
    assert f'value="{own}" aria-current="true"' in card, "an address says whose page it is"
    stranger = phone.ref(phone.town.resident("陌生人"))
    assert post(phone.client, "/me/switch", {"person": stranger}).status_code == 404
    assert post(phone.client, "/me/switch", {"person": own, "next": "//evil.example"}).location in (
        "/home",
        "/",
    )
    post(phone.client, "/me/switch", {"person": child})
    post(phone.client, "/sign-out")
    assert phone.client.get("/passbook").status_code == 302
    phone.town.login("+8613800138009", acts_for={phone.helped: "self", phone.child: "helper"})
    sign_in(phone.client, "13800138009")
    assert "陈秀英的存折" in phone.page("/passbook"), "the next person starts with their own"


def test_a_link_that_ends_closes_the_chosen_book(phone: Phone) -> None:
    post(phone.client, "/me/switch", {"person": phone.ref(phone.child)})
    link = phone.town.write(
        lambda tx: tx.scalars(
            select(m.LoginResident.id).where(m.LoginResident.resident_id == phone.child)
        ).one()
    )
    post(phone.client, f"/me/family/links/{link}/end")
    assert "王芳的存折" in phone.page("/passbook")
