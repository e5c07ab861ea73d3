import re

import pytest

from tests.signed_in import post, sign_in
from tests.town import PASSWORD
from volunteer.services import logins as service

PHONE, TYPED = "+8613800000004", "13800000004"
NEW = "梅富村的老榕树下有口井"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    """The cost of scrypt is Werkzeug's to test."""
    made = service.generate_password_hash
    monkeypatch.setattr(
        service, "generate_password_hash", lambda secret: made(secret, "pbkdf2:sha256:1")
    )


@pytest.fixture
def elder(town):
    return town.resident("陈秀英", name_en="Chen Xiuying")


@pytest.fixture
def client(town, elder):
    child = town.resident("陈小明", age_band="under_14")
    town.login(PHONE, name="陈秀英", acts_for={elder: "self", child: "guardian"})
    client = town.app.test_client()
    sign_in(client, TYPED)
    return client


def page(client, path):
    response = client.get(path)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def test_i_see_the_people_i_act_for_and_how_i_sign_in(client):
    shown = page(client, "/me")
    assert "陈小明" in shown
    assert "我是监护人" in shown
    assert "138****0004" in shown
    assert PHONE not in shown


def test_my_card_carries_the_code_that_a_scanner_reads(town, client, elder):
    _, number, code = town.card(elder)
    shown = page(client, "/me")
    ref = re.search(r"/me/card/(\w+)", shown)[1]
    shown = page(client, f"/me/card/{ref}")
    assert f"{number[:4]} {number[4:8]} {number[8:]}" in shown
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="qr"' in shown
    assert code not in shown


def test_without_a_card_i_am_told_what_to_do(client):
    ref = re.search(r"/me/card/(\w+)", page(client, "/me"))[1]
    assert "补办新卡" in page(client, f"/me/card/{ref}")


def test_a_strangers_card_is_not_found(town, client):
    stranger = town.resident("王建国")
    town.card(stranger)
    town.login("+8613800000005", acts_for={stranger: "self"})
    other = town.app.test_client()
    sign_in(other, "13800000005")
    ref = re.search(r"/me/card/(\w+)", page(other, "/me"))[1]
    assert page(other, f"/me/card/{ref}")
    assert client.get(f"/me/card/{ref}").status_code == 404
    assert client.get("/me/card/nobody").status_code == 404


@pytest.mark.parametrize("path", ["/me", "/me/card/x", "/me/sessions", "/me/secret"])
def test_a_stranger_is_asked_to_sign_in(town, path):
    response = town.app.test_client().get(path)
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/sign-in?next=/me")


def test_i_sign_another_phone_out(town, client):
    other = town.app.test_client()
    sign_in(other, TYPED)
    shown = page(client, "/me/sessions")
    session_id = re.search(r'name="session_id" value="(\d+)"', shown)[1]
    assert shown.count('name="session_id"') == 1, "never the button for this very browser"
    post(client, "/me/sessions/revoke", {"session_id": session_id})
    assert other.get("/me").status_code == 302
    assert client.get("/me").status_code == 200


def test_i_sign_every_other_phone_out(town, client):
    others = [town.app.test_client() for _ in range(2)]
    for other in others:
        sign_in(other, TYPED)
    post(client, "/me/sessions/revoke")
    assert [other.get("/me").status_code for other in others] == [302, 302]
    assert client.get("/me").status_code == 200


def test_i_do_not_sign_a_strangers_phone_out(town, client):
    town.login("+8613800000005")
    stranger = town.app.test_client()
    sign_in(stranger, "13800000005")
    mine = town.app.test_client()
    sign_in(mine, TYPED)
    ids = re.findall(r'name="session_id" value="(\d+)"', page(client, "/me/sessions"))
    for wrong in range(1, 10):
        if str(wrong) not in ids:
            post(client, "/me/sessions/revoke", {"session_id": str(wrong)})
    assert stranger.get("/me").status_code == 200


def test_i_choose_a_new_secret(client):
    given = {"old": PASSWORD, "new": NEW, "again": NEW}
    assert post(client, "/me/secret", given).headers["Location"] == "/me"
    post(client, "/sign-out")
    sign_in(client, TYPED, NEW)


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        ({"old": "wrong"}, 403, "现在的密码不对"),
        ({"again": "other"}, 422, "两次输入不一样"),
        ({"new": "123456", "again": "123456"}, 422, "太容易被猜到"),
        ({"old": ""}, 422, "请输入密码"),
    ],
)
def test_what_is_wrong_stands_at_its_field(client, more, status, words):
    response = post(client, "/me/secret", {"old": PASSWORD, "new": NEW, "again": NEW} | more)
    shown = response.get_data(as_text=True)
    assert response.status_code == status
    assert words in shown
    assert "aria-invalid" in shown
    assert NEW not in shown


def test_english_is_complete(client):
    post(client, "/preferences", {"language": "en"})
    for path in ("/me", "/me/sessions", "/me/secret"):
        shown = re.sub(
            r"<button[^>]*lang=\"zh-Hans\".*?</button>", "", page(client, path), flags=re.S
        )
        body = shown[shown.index("<main") :].replace("陈秀英", "").replace("陈小明", "")
        assert not re.search(r"[\u4e00-\u9fff]", body), path


def test_who_was_given_a_role_needs_a_password_before_the_work(app, town):
    """A role may be given to a resident who signs in with six digits."""
    town.login("+8613900000061", roles=("organizer",), secret_kind="pin")
    client = app.test_client()
    sign_in(client, "+8613900000061")
    for path in ("/organize", "/organize/activities"):
        response = client.get(path)
        assert (response.status_code, response.location) == (302, "/me/secret")
    assert client.get("/home").status_code != 403
    assert "工作人员须用密码登录" in client.get("/me/secret").get_data(as_text=True)
    long = "plum-trees-in-the-yard"
    data = {"old": PASSWORD, "new": long, "again": long}
    assert post(client, "/me/secret", data).status_code == 302
    assert client.get("/organize").status_code == 200


def test_a_leader_of_an_event_keeps_a_pin(app, town):
    leader = town.resident()
    town.login("+8613900000062", acts_for={leader: "self"}, secret_kind="pin")
    town.event(town.activity(), leaders={leader: False})
    client = app.test_client()
    sign_in(client, "+8613900000062")
    assert client.get("/organize").status_code == 200
