import re

import pytest
from sqlalchemy import select

from tests.signed_in import post, sign_in
from tests.town import FRIDAY
from volunteer import clock
from volunteer.domain.activation import Purpose, activation_code_hash, expires_at, strip_code
from volunteer.domain.passbook_number import passbook_number_from
from volunteer.services import activation
from volunteer.store import models as m
from volunteer.web.signed_in import PENDING_CHECK_IN

PIN = "482917"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    """The cost of scrypt is Werkzeug's to test."""
    made = activation.generate_password_hash
    monkeypatch.setattr(
        activation, "generate_password_hash", lambda secret: made(secret, "pbkdf2:sha256:1")
    )


@pytest.fixture
def strip(town):
    """Number and code as they stand on a strip; at fifteen both one's own and a guardian's."""
    resident_id = town.resident("陈秀英", age_band="14_17")
    _, number, _ = town.card(resident_id)
    code = strip_code(town.keys.activation_code, number)
    town._add(
        m.ActivationCode,
        community_id=town.community_id,
        resident_id=resident_id,
        purpose=Purpose.CARD_STRIP.value,
        code_hash=activation_code_hash(town.keys.activation_code, resident_id, code),
        created_at=FRIDAY,
        expires_at=expires_at(Purpose.CARD_STRIP, clock.now()),
    )
    return {"number": number[:8], "code": f"{code[:3]} {code[3:6]} {code[6:]}"}


@pytest.fixture
def client(town):
    return town.app.test_client()


def given(strip, **more):
    own = {"relation": "self", "phone": "13860274915", "secret": PIN, "again": PIN}
    return strip | own | more


def test_the_strip_opens_the_passbook_and_signs_in(client, strip):
    with client.session_transaction() as session:
        session[PENDING_CHECK_IN] = {"event": 7}
    response = post(client, "/activate", given(strip, next="/me/sessions"))
    assert response.headers["Location"] == "/me/sessions"
    assert "陈秀英" in client.get("/me").get_data(as_text=True)
    with client.session_transaction() as session:
        assert session[PENDING_CHECK_IN] == {"event": 7}
    post(client, "/sign-out")
    sign_in(client, "13860274915", PIN)


def test_a_guardian_adds_a_passbook_to_their_own_phone(town, client, strip):
    town.login("+8613800000005")
    sign_in(client, "13800000005")
    page = client.get("/activate").get_data(as_text=True)
    assert 'name="secret"' not in page
    response = post(client, "/activate", strip | {"relation": "guardian"})
    assert response.headers["Location"] == "/me/consents"
    page = client.get("/me").get_data(as_text=True)
    assert "陈秀英" in page
    assert "我是监护人" in page


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        ({"code": "000 111 222"}, 422, "存折号与激活码不符"),
        ({"number": passbook_number_from(12345)}, 422, "存折号与激活码不符"),
        ({"number": "12345678"}, 422, "号码有误"),
        ({"again": "111111"}, 422, "两次输入不一样"),
        ({"secret": "123456", "again": "123456"}, 422, "太容易被猜到"),
        ({"phone": "12345"}, 422, "电话号码不对"),
        ({"relation": "guardian"}, 422, "请填写姓名"),
        ({"relation": "owner"}, 422, "请"),
        ({"secret": "", "again": ""}, 422, "请设置 6 位数字密码"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(client, strip, more, status, words):
    response = post(client, "/activate", given(strip, **more))
    page = response.get_data(as_text=True)
    assert response.status_code == status
    assert words in page
    assert f'value="{(strip | more)["number"]}"' in page
    assert PIN not in page
    assert client.get("/me").status_code == 302


def test_a_taken_phone_is_said_at_its_field(town, client, strip):
    town.login("+8613860274915")
    response = post(client, "/activate", given(strip))
    assert response.status_code == 409
    assert re.search(r'id="phone-error".*?已在使用', response.get_data(as_text=True), re.S)


def test_guessing_is_slowed(client, strip):
    answers = [
        post(client, "/activate", given(strip, code="000 111 222")).status_code for _ in range(6)
    ]
    assert answers == [422] * 5 + [429]


def test_nobody_is_sent_to_another_site(client, strip):
    response = post(client, "/activate", given(strip, next="//evil.example"))
    assert "evil" not in response.headers["Location"]


def test_no_login_is_made_by_looking(town, client):
    assert client.get("/activate").status_code == 200
    assert town.write(lambda tx: tx.execute(select(m.Login.id)).all()) == []
