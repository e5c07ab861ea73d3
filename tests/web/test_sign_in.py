import re

import pytest
from sqlalchemy import update

from tests.signed_in import csrf_token, post, sign_in
from tests.town import FRIDAY, PASSWORD
from volunteer.services import sign_in as service
from volunteer.store import models as m
from volunteer.web.signed_in import PENDING_CHECK_IN

PHONE, TYPED = "+8613800000004", "13800000004"


@pytest.fixture(autouse=True)
def cheap_dummy(monkeypatch):
    """The cost of scrypt is Werkzeug's to test."""
    monkeypatch.setattr(service, "NOBODYS_HASH", "pbkdf2:sha256:1$salt$00")


@pytest.fixture
def login(town):
    resident = town.resident()
    return town.login(PHONE, acts_for={resident: "self"})


@pytest.fixture
def client(town):
    return town.app.test_client()


def attempt(client, **more):
    return post(client, "/sign-in", {"identity": TYPED, "secret": PASSWORD} | more)


def is_signed_in(client):
    return client.get("/me").status_code == 200


@pytest.mark.usefixtures("login")
def test_signing_in_and_out(client):
    assert client.get("/me").status_code == 302
    sign_in(client, TYPED)
    assert is_signed_in(client)
    assert post(client, "/sign-out").status_code == 302
    assert not is_signed_in(client)


@pytest.mark.usefixtures("login")
def test_a_stolen_cookie_is_worth_nothing_after_signing_out(client):
    sign_in(client, TYPED)
    stolen = client.get_cookie("session").value
    post(client, "/sign-out")
    client.set_cookie("session", stolen)
    assert not is_signed_in(client)


@pytest.mark.usefixtures("login")
def test_the_page_that_was_wanted_comes_after(client):
    there = client.get("/me/sessions?x=1").headers["Location"]
    assert there == "/sign-in?next=/me/sessions?x%3D1"
    page = client.get(there).get_data(as_text=True)
    assert 'name="next" type="hidden" value="/me/sessions?x=1"' in page
    response = sign_in(client, TYPED, wanted="/me/sessions?x=1")
    assert response.headers["Location"] == "/me/sessions?x=1"


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/%0d%0aSet-Cookie:x\r\n",
        "javascript:alert(1)",
        "evil.example",
        "/" + "x" * 600,
        " //evil.example",
    ],
)
@pytest.mark.usefixtures("login")
def test_nobody_is_sent_to_another_site(client, wanted):
    response = sign_in(client, TYPED, wanted=wanted)
    assert "evil" not in response.headers["Location"]
    assert re.fullmatch(r"/[a-z/]*", response.headers["Location"])


@pytest.mark.usefixtures("login")
def test_wrong_and_unknown_look_alike(client):
    wrong = attempt(client, secret="wrong")
    unknown = attempt(client, identity="13900009999", secret="wrong")
    assert wrong.status_code == unknown.status_code == 401

    def shown(response):
        page = response.get_data(as_text=True)
        return re.sub(r'value="[^"]*"|nonce="[^"]*"', "", page)

    assert shown(wrong) == shown(unknown)
    assert "号码与密码不符" in shown(wrong)


@pytest.mark.usefixtures("login")
def test_what_was_typed_stays_but_never_the_secret(client):
    page = attempt(client, secret="my-secret-guess").get_data(as_text=True)
    assert f'value="{TYPED}"' in page
    assert "my-secret-guess" not in page


def test_empty_fields_are_named(client):
    response = attempt(client, identity="", secret="")
    assert response.status_code == 422
    page = response.get_data(as_text=True)
    assert "请输入手机号或存折号" in page
    assert "请输入密码" in page


@pytest.mark.usefixtures("login")
def test_a_hammering_client_is_slowed(client):
    token = csrf_token(client)
    answers = [
        client.post(
            "/sign-in", data={"csrf_token": token, "identity": TYPED, "secret": "wrong"}
        ).status_code
        for _ in range(21)
    ]
    assert answers[:5] == [401] * 5
    assert set(answers[5:]) == {429}


@pytest.mark.usefixtures("login")
def test_the_owners_phone_gets_in_while_a_stranger_guesses(town, client):
    sign_in(client, TYPED)
    post(client, "/sign-out")
    stranger = town.app.test_client()
    for _ in range(6):
        last = attempt(stranger, secret="wrong")
    assert last.status_code == 429
    sign_in(client, TYPED)


@pytest.mark.usefixtures("login")
def test_a_forged_browser_cookie_is_a_strangers(town, client):
    stranger = town.app.test_client()
    stranger.set_cookie("browser", "WyJub25jZSIsWzFdXQ.forged")
    for _ in range(5):
        attempt(stranger, secret="wrong")
    assert attempt(stranger).status_code == 429


@pytest.mark.usefixtures("login")
def test_a_session_planted_before_is_not_the_one_after(client):
    before_cookie = client.get_cookie("session")
    token = csrf_token(client)
    planted = client.get_cookie("session").value
    sign_in(client, TYPED)
    assert client.get_cookie("session").value != planted
    # The token that was known before the sign-in posts nothing after it.
    assert client.post("/sign-out", data={"csrf_token": token}).status_code == 403
    assert before_cookie is None


@pytest.mark.usefixtures("login")
def test_only_a_begun_check_in_survives_the_sign_in(client):
    csrf_token(client)
    with client.session_transaction() as session:
        session[PENDING_CHECK_IN] = {"event": 7}
        session["planted"] = "by somebody else"
    assert "签到已为您保留" in client.get("/sign-in").get_data(as_text=True)
    sign_in(client, TYPED)
    with client.session_transaction() as session:
        assert session[PENDING_CHECK_IN] == {"event": 7}
        assert "planted" not in session


@pytest.mark.usefixtures("login")
def test_signing_in_needs_the_pages_own_token(client):
    response = client.post("/sign-in", data={"identity": TYPED, "secret": PASSWORD})
    assert response.status_code == 400
    assert not is_signed_in(client)


@pytest.mark.usefixtures("login")
def test_who_is_signed_in_needs_no_sign_in_page(client):
    sign_in(client, TYPED)
    assert client.get("/sign-in").status_code == 302
    assert client.get("/sign-in?next=/me/sessions").headers["Location"] == "/me/sessions"
    assert client.get("/sign-in?next=//evil.example").headers["Location"] != "//evil.example"


def test_a_role_that_is_revoked_is_gone_on_the_next_request(town, client):
    login = town.login(PHONE)
    grant = town.grant(login, "organizer")
    sign_in(client, TYPED)
    assert "活动组织者" in client.get("/me").get_data(as_text=True) or is_signed_in(client)
    town.write(
        lambda tx: tx.run(
            update(m.RoleGrant).where(m.RoleGrant.id == grant).values(revoked_at=FRIDAY)
        )
    )
    assert "活动组织者" not in client.get("/me").get_data(as_text=True)


@pytest.mark.usefixtures("login")
def test_a_deactivated_login_is_out_on_the_next_request(town, client, login):
    sign_in(client, TYPED)
    town.write(
        lambda tx: tx.run(update(m.Login).where(m.Login.id == login).values(deactivated_at=FRIDAY))
    )
    assert not is_signed_in(client)


@pytest.mark.usefixtures("login")
def test_the_session_cookie_is_kept_long_and_from_scripts(client):
    cookie = next(
        one
        for one in sign_in(client, TYPED).headers.getlist("Set-Cookie")
        if one.startswith("session=")
    )
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" in cookie
    assert "Expires=" in cookie


class TestPreferences:
    def choose(self, client, **chosen):
        return post(client, "/preferences", {"next": "/sign-in"} | chosen)

    def test_a_browser_keeps_its_language_and_size(self, client):
        assert '<html lang="zh-Hans" class="">' in client.get("/sign-in").get_data(as_text=True)
        assert self.choose(client, language="en").headers["Location"] == "/sign-in"
        self.choose(client, elder="1")
        page = client.get("/sign-in").get_data(as_text=True)
        assert '<html lang="en" class="elder ">' in page
        assert "Phone number or passbook number" in page

    def test_a_person_keeps_them_on_another_browser(self, town, client, login):
        sign_in(client, TYPED)
        self.choose(client, language="en")
        self.choose(client, elder="1")
        other = town.app.test_client()
        sign_in(other, TYPED)
        assert '<html lang="en" class="elder ">' in other.get("/me").get_data(as_text=True)
        self.choose(other, elder="0")
        assert '<html lang="en" class="">' in client.get("/me").get_data(as_text=True)

    def test_large_words_stay_large_through_the_sign_in(self, town, client, login):
        """An elder makes the words large on the start page, then signs in."""
        self.choose(client, elder="1")
        sign_in(client, TYPED)
        assert 'class="elder ' in client.get("/me").get_data(as_text=True)
        self.choose(client, elder="0")
        assert 'class="elder ' not in client.get("/me").get_data(as_text=True)

    @pytest.mark.parametrize("chosen", [{}, {"language": "xx"}, {"elder": "2"}])
    def test_anything_else_changes_nothing(self, client, chosen):
        response = self.choose(client, **chosen)
        assert not [
            one
            for one in response.headers.getlist("Set-Cookie")
            if one.startswith(("language", "elder"))
        ]

    def test_it_comes_back_to_this_site_only(self, client):
        response = self.choose(client, language="en", next="//evil.example")
        assert response.headers["Location"] == "/"


def test_a_browser_without_cookies_is_told_so(app):
    cookieless = app.test_client(use_cookies=False)
    form = {"csrf_token": csrf_token(cookieless), "identity": "13800000001", "secret": PASSWORD}
    answer = cookieless.post("/sign-in", data=form)
    assert answer.status_code == 400
    assert "没有保存 Cookie" in answer.get_data(as_text=True)


def test_a_page_of_a_session_before_is_told_to_load_again(app):
    client = app.test_client()
    client.get("/sign-in")
    answer = client.post("/sign-in", data={"csrf_token": "stale", "identity": "1", "secret": "2"})
    assert answer.status_code == 403
    assert "这个页面打开太久了" in answer.get_data(as_text=True)
