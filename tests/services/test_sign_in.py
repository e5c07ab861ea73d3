import contextlib
import threading
from datetime import timedelta

import pytest
from sqlalchemy import delete, event, func, select, text, update
from sqlalchemy.exc import OperationalError

from tests.town import FRIDAY, PASSWORD
from volunteer.domain.passbook_number import passbook_number_from
from volunteer.domain.refusals import Code, Refused
from volunteer.domain.tokens import session_token_hash
from volunteer.queries.principals import read_principal
from volunteer.services import sign_in as service
from volunteer.services.sign_in import Browser, forget_old_tries, record_seen, sign_in, sign_out
from volunteer.store import models as m
from volunteer.store.database import db

PHONE, TYPED = "+8613800000004", "138 0000 0004"
STRANGER = Browser("Chrome · Windows")


@pytest.fixture
def login(both_town):
    """A login among others."""
    both_town.login("+8613800000005")
    return both_town.login(PHONE)


@pytest.fixture(autouse=True)
def cheap_dummy(monkeypatch):
    """The cost of scrypt is Werkzeug's to test."""
    monkeypatch.setattr(service, "NOBODYS_HASH", "pbkdf2:sha256:1$salt$00")


def attempt(town, typed=TYPED, secret=PASSWORD, browser=STRANGER, now=FRIDAY):
    return sign_in(typed, secret, browser, keys=town.keys, now=now)


def refused(town, **more):
    with pytest.raises(Refused) as caught:
        attempt(town, **more)
    return caught.value.refusal.code


def count(town, model):
    return town.write(lambda tx: tx.execute(select(func.count()).select_from(model)).scalar_one())


def test_a_phone_and_its_password_open_a_session(both_town, login):
    signed_in = attempt(both_town)
    assert signed_in.login_id == login
    found = read_principal(session_token_hash(signed_in.token), FRIDAY)
    assert found.principal.login_id == login
    assert signed_in.token not in repr(signed_in)


def test_a_passbook_number_signs_in_too(both_town):
    number = passbook_number_from(777)
    login = both_town.login(passbook_number=number)
    assert attempt(both_town, typed=f"{number[:4]} {number[4:]}").login_id == login


def test_the_session_lasts_four_hundred_days(both_town, login):
    token_hash = session_token_hash(attempt(both_town).token)
    assert read_principal(token_hash, FRIDAY + timedelta(days=400, seconds=-1))
    assert read_principal(token_hash, FRIDAY + timedelta(days=400)) is None


@pytest.mark.parametrize(
    "more",
    [
        {"secret": "wrong"},
        {"secret": ""},
        {"secret": "x" * 100_000},
        {"typed": "13900009999"},
        {"typed": passbook_number_from(999)},
    ],
    ids=["wrong", "empty", "huge", "unknown phone", "unknown number"],
)
@pytest.mark.usefixtures("login")
def test_wrong_and_unknown_get_the_same_answer(both_town, more):
    assert refused(both_town, **more) is Code.SIGN_IN_FAILED
    assert count(both_town, m.SignInSession) == 0


def test_wrong_and_unknown_are_compared_with_a_hash_alike(both_town, login, monkeypatch):
    compared = []

    def check(pwhash, password):
        compared.append(pwhash)
        return False

    monkeypatch.setattr(service, "check_password_hash", check)
    refused(both_town)
    refused(both_town, typed="13900009999")
    assert len(compared) == 2
    assert all(compared)


def test_a_deactivated_login_and_one_without_a_secret_get_the_same_answer(both_town, login):
    empty = both_town.login("+8613800000006", secret_hash=None)
    assert refused(both_town, typed="13800000006", secret="") is Code.SIGN_IN_FAILED
    both_town.write(
        lambda tx: tx.run(update(m.Login).where(m.Login.id == login).values(deactivated_at=FRIDAY))
    )
    assert refused(both_town) is Code.SIGN_IN_FAILED
    assert empty


@pytest.mark.parametrize("typed", [TYPED, "13900009999"], ids=["known", "unknown"])
@pytest.mark.usefixtures("login")
def test_five_wrong_tries_make_a_guesser_wait_known_or_not(both_town, typed):
    answers = [refused(both_town, typed=typed, secret="wrong") for _ in range(6)]
    assert answers == [Code.SIGN_IN_FAILED] * 5 + [Code.THROTTLED]
    # The right secret does not help while waiting, or the wait would tell which one is right.
    assert refused(both_town, typed=typed) is Code.THROTTLED


@pytest.mark.usefixtures("login")
def test_a_strangers_guesses_do_not_lock_the_owner_out(both_town):
    own = Browser("WeChat · iPhone", "nonce", (attempt(both_town).login_id,))
    for _ in range(6):
        refused(both_town, secret="wrong")
    assert refused(both_town) is Code.THROTTLED
    assert attempt(both_town, browser=own)


@pytest.mark.usefixtures("login")
def test_a_browser_of_another_login_is_a_stranger(both_town):
    elsewhere = Browser("", "nonce", (12345,))
    for _ in range(5):
        refused(both_town, secret="wrong")
    assert refused(both_town, browser=elsewhere) is Code.THROTTLED


def test_the_owners_own_browser_is_slowed_as_well(both_town, login):
    own = Browser("", "nonce", (login,))
    answers = [refused(both_town, secret="wrong", browser=own) for _ in range(6)]
    assert answers[-1] is Code.THROTTLED


@pytest.mark.usefixtures("login")
def test_the_right_secret_forgets_earlier_slips(both_town):
    for _ in range(3):
        for _ in range(4):
            refused(both_town, secret="wrong")
        attempt(both_town)
    assert count(both_town, m.SignInThrottle) == 0


@pytest.mark.usefixtures("login")
def test_after_the_wait_one_may_try_again(both_town):
    for _ in range(5):
        refused(both_town, secret="wrong")
    assert attempt(both_town, now=FRIDAY + timedelta(minutes=5))


def test_guesses_sent_at_once_are_all_counted(both_town, login, monkeypatch):
    """The try is counted before the secret is compared: thirty at once get five comparisons."""
    compared = []

    def check(pwhash, password):
        compared.append(password)
        return False

    monkeypatch.setattr(service, "check_password_hash", check)

    def guess():
        with both_town.app.app_context():
            refused(both_town, secret="wrong")

    threads = [threading.Thread(target=guess) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(compared) == 5


@pytest.mark.usefixtures("login")
def test_the_session_a_browser_held_before_ends(both_town):
    first = attempt(both_town)
    second = attempt(both_town, browser=Browser("", None, (), first.token))
    assert read_principal(session_token_hash(first.token), FRIDAY) is None
    assert read_principal(session_token_hash(second.token), FRIDAY)


@pytest.mark.usefixtures("login")
def test_signing_out_ends_this_session_only(both_town):
    first, second = attempt(both_town), attempt(both_town)
    sign_out(first.token, now=FRIDAY)
    sign_out("no such token", now=FRIDAY)
    assert read_principal(session_token_hash(first.token), FRIDAY) is None
    assert read_principal(session_token_hash(second.token), FRIDAY)


@pytest.mark.usefixtures("login")
def test_a_browser_in_use_is_noted(both_town):
    token_hash = session_token_hash(attempt(both_town).token)
    tomorrow = FRIDAY + timedelta(days=1)
    record_seen(read_principal(token_hash, FRIDAY).principal.session_id, now=tomorrow)
    assert read_principal(token_hash, tomorrow).last_seen_at == tomorrow


@pytest.mark.usefixtures("login")
def test_old_tries_are_dropped(both_town):
    refused(both_town, secret="wrong")
    refused(both_town, typed="13900009999", now=FRIDAY + timedelta(days=5))
    assert forget_old_tries(now=FRIDAY + timedelta(days=8)) == 1
    assert count(both_town, m.SignInThrottle) == 1


@pytest.mark.usefixtures("login")
def test_what_cannot_be_a_number_is_said_so(both_town):
    assert refused(both_town, typed="nobody") is Code.PHONE_INVALID
    assert refused(both_town, typed="12345678") is Code.NUMBER_INVALID


def test_a_count_that_is_forgotten_while_another_try_comes_is_begun_anew(both_town, login):
    """Two sign-ins of one person at once: the first is right and forgets the count, between the
    moments when the second makes sure that there is one and takes it."""
    refused(both_town, secret="wrong")
    forgotten = []

    def forget(_connection, _cursor, statement, *_):
        if statement.startswith("INSERT INTO sign_in_throttle") and not forgotten:
            forgotten.append(statement)
            with contextlib.suppress(OperationalError), db.engine.connect() as another:
                # Where the count is locked already there is nothing between the two moments.
                if another.dialect.name == "postgresql":
                    another.execute(text("SET LOCAL lock_timeout = '200ms'"))
                else:
                    another.exec_driver_sql("PRAGMA busy_timeout=200")
                another.execute(delete(m.SignInThrottle))
                another.commit()

    event.listen(db.engine, "after_cursor_execute", forget)
    try:
        assert attempt(both_town).login_id == login
    finally:
        event.remove(db.engine, "after_cursor_execute", forget)
    assert forgotten
    assert count(both_town, m.SignInThrottle) == 0
