import contextlib
import dataclasses
import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update

from tests.town import FRIDAY
from volunteer.domain.access import Relation
from volunteer.domain.activation import Purpose, activation_code_hash, expires_at, strip_code
from volunteer.domain.passbook_number import passbook_number_from
from volunteer.domain.refusals import Code, Refused
from volunteer.domain.tokens import session_token_hash
from volunteer.queries.principals import read_principal
from volunteer.services import activation
from volunteer.services import sign_in as sign_in_service
from volunteer.services.activation import Binding, bind, bind_signed_in
from volunteer.services.sign_in import Browser, sign_in
from volunteer.store import models as m

PIN = "482917"
BORN = date(1957, 9, 30)


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    """The cost of scrypt is Werkzeug's to test."""
    made = activation.generate_password_hash
    monkeypatch.setattr(
        activation, "generate_password_hash", lambda secret: made(secret, "pbkdf2:sha256:1")
    )
    monkeypatch.setattr(sign_in_service, "NOBODYS_HASH", "pbkdf2:sha256:1$salt$00")


@pytest.fixture
def elder(both_town):
    """A resident with a card and the code on its strip, among others."""
    other = both_town.resident("王建国")
    give_code(both_town, other, "111222333")
    resident_id = both_town.resident("陈秀英", birth_date=BORN)
    _, number, _ = both_town.card(resident_id)
    code = strip_code(both_town.keys.activation_code, number)
    give_code(both_town, resident_id, code, Purpose.CARD_STRIP)
    return resident_id, number[:8], code


@pytest.fixture
def child(both_town):
    """A child's card and strip."""
    resident_id = both_town.resident("陈小明", birth_date=date(2016, 3, 1))
    _, number, _ = both_town.card(resident_id)
    code = strip_code(both_town.keys.activation_code, number)
    give_code(both_town, resident_id, code, Purpose.CARD_STRIP)
    return resident_id, number[:8], code


def give_code(town, resident_id, code, purpose=Purpose.STAFF, **more):
    return town._add(
        m.ActivationCode,
        **{
            "community_id": town.community_id,
            "resident_id": resident_id,
            "purpose": purpose.value,
            "code_hash": activation_code_hash(town.keys.activation_code, resident_id, code),
            "created_at": FRIDAY,
            "expires_at": expires_at(purpose, FRIDAY),
        }
        | more,
    )


def binding(elder, **more):
    _, number, code = elder
    own = Binding(number, code, Relation.SELF, PIN, phone="13860274915")
    return dataclasses.replace(own, **more)


def bound(town, given, now=FRIDAY):
    token = bind(given, "WeChat · iPhone", keys=town.keys, now=now)
    return read_principal(session_token_hash(token), now).principal


def refused(town, given, now=FRIDAY):
    with pytest.raises(Refused) as caught:
        bind(given, "", keys=town.keys, now=now)
    return caught.value.refusal.code


def count(town, model):
    return town.write(lambda tx: tx.execute(select(func.count()).select_from(model)).scalar_one())


def test_the_strips_code_opens_ones_own_passbook(both_town, elder):
    principal = bound(both_town, binding(elder))
    assert principal.own.resident_id == elder[0]
    assert principal.display_name == "陈秀英"
    for typed in ("13860274915", elder[1]):
        signed_in = sign_in(typed, PIN, Browser(), keys=both_town.keys, now=FRIDAY)
        assert signed_in.login_id == principal.login_id


def test_a_phone_is_not_needed_for_ones_own_passbook(both_town, elder):
    principal = bound(both_town, binding(elder, phone=""))
    signed_in = sign_in(elder[1], PIN, Browser(), keys=both_town.keys, now=FRIDAY)
    assert signed_in.login_id == principal.login_id


def test_a_guardian_binds_with_their_own_name_and_phone(both_town, child):
    elder = child
    given = binding(elder, relation=Relation.GUARDIAN, name="陈大明")
    principal = bound(both_town, given)
    assert principal.display_name == "陈大明"
    assert principal.own is None
    assert principal.may_act_for(elder[0])
    assert refused(both_town, binding(elder, relation=Relation.HELPER)) is Code.NAME_MISSING
    nameless = binding(elder, relation=Relation.HELPER, name="陈大明", phone="")
    assert refused(both_town, nameless) is Code.PHONE_INVALID


def test_a_code_is_used_once(both_town, elder):
    bound(both_town, binding(elder))
    again = binding(elder, phone="13900000001")
    assert refused(both_town, again) is Code.ACTIVATION_CODE_USED_UP
    assert count(both_town, m.Login) == 1


def test_a_wrong_code_and_an_unknown_number_get_the_same_answer(both_town, elder):
    assert refused(both_town, binding(elder, code="000111222")) is Code.ACTIVATION_CODE_WRONG
    nobody = binding(elder, number=passbook_number_from(12345))
    assert refused(both_town, nobody) is Code.ACTIVATION_CODE_WRONG
    # Another resident's code fits their own number only.
    assert refused(both_town, binding(elder, code="111222333")) is Code.ACTIVATION_CODE_WRONG
    assert count(both_town, m.Login) == 0


@pytest.mark.parametrize("known", [True, False])
def test_five_wrong_codes_use_it_up_and_make_the_guesser_wait(both_town, elder, known):
    wrong = binding(elder, code="000111222")
    if not known:
        wrong = dataclasses.replace(wrong, number=passbook_number_from(12345))
    answers = [refused(both_town, wrong) for _ in range(6)]
    assert answers == [Code.ACTIVATION_CODE_WRONG] * 5 + [Code.THROTTLED]
    later = FRIDAY + timedelta(minutes=5)
    if known:
        assert refused(both_town, binding(elder), later) is Code.ACTIVATION_CODE_USED_UP
    else:
        assert bound(both_town, binding(elder), later)


def test_staff_give_a_new_code_at_once_when_the_strips_is_used_up(both_town, elder):
    for _ in range(4):
        refused(both_town, binding(elder, code="000111222"))
    give_code(both_town, elder[0], "987654320")
    assert bound(both_town, binding(elder, code="987 654 320"))


def test_a_code_runs_out(both_town, elder):
    last = FRIDAY + timedelta(days=90)
    assert refused(both_town, binding(elder), last) is Code.ACTIVATION_CODE_EXPIRED
    assert bound(both_town, binding(elder), last - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"number": "1234 5678"}, Code.NUMBER_INVALID),
        ({"number": "13800000001"}, Code.NUMBER_INVALID),
        ({"code": "12345"}, Code.ACTIVATION_CODE_WRONG),
        ({"phone": "12345"}, Code.PHONE_INVALID),
        ({"secret": "12345"}, Code.PIN_FORMAT),
        ({"secret": "123456"}, Code.PIN_TRIVIAL),
        ({"secret": "274915"}, Code.PIN_TRIVIAL),
        ({"secret": "570930"}, Code.PIN_TRIVIAL),
        ({"secret": "pass word"}, Code.PASSWORD_SHORT),
    ],
)
def test_a_form_that_is_refused_uses_no_code(both_town, elder, more, code):
    assert refused(both_town, binding(elder, **more)) is code
    assert bound(both_town, binding(elder))


def test_a_phone_in_use_is_not_bound_again(both_town, elder):
    both_town.login("+8613860274915")
    assert refused(both_town, binding(elder)) is Code.PHONE_TAKEN
    assert bound(both_town, binding(elder, phone="13900000001"))


def test_whether_a_phone_is_in_use_is_not_told_without_a_code(both_town, elder):
    both_town.login("+8613860274915")
    wrong = binding(elder, code="000111222")
    assert refused(both_town, wrong) is Code.ACTIVATION_CODE_WRONG


def test_a_strip_does_not_take_over_a_passbook_that_signs_in_already(both_town, elder):
    both_town.login("+8613900000001", acts_for={elder[0]: "self"})
    assert refused(both_town, binding(elder)) is Code.ALREADY_BOUND


def test_a_staff_code_sets_a_new_pin_and_signs_every_other_phone_out(both_town, elder):
    lost = bound(both_town, binding(elder))
    token = sign_in(elder[1], PIN, Browser(), keys=both_town.keys, now=FRIDAY).token
    give_code(both_town, elder[0], "987654320")
    for _ in range(5):
        with pytest.raises(Refused):
            sign_in(elder[1], "forgot", Browser(), keys=both_town.keys, now=FRIDAY)
    new = binding(elder, code="987654320", secret="739164", phone="13900000001")
    found = bound(both_town, new)
    assert found.login_id == lost.login_id
    assert read_principal(session_token_hash(token), FRIDAY) is None
    # The wait for wrong guesses has ended with the code.
    for typed in (elder[1], "13900000001"):
        assert sign_in(typed, "739164", Browser(), keys=both_town.keys, now=FRIDAY)


def test_a_member_of_staff_chooses_a_password_not_a_pin(both_town, elder):
    both_town.login("+8613900000001", acts_for={elder[0]: "self"}, roles=("organizer",))
    give_code(both_town, elder[0], "987654320")
    given = binding(elder, code="987654320")
    assert refused(both_town, given) is Code.PASSWORD_SHORT
    assert bound(both_town, dataclasses.replace(given, secret="老榕树下有一口井水很甜"))


def test_a_signed_in_guardian_adds_a_child(both_town, child):
    login = both_town.login("+8613900000001")
    _, number, code = child
    bind_signed_in(number, code, Relation.GUARDIAN, by=login, keys=both_town.keys, now=FRIDAY)
    links = both_town.write(
        lambda tx: tx.execute(
            select(m.LoginResident.login_id, m.LoginResident.resident_id, m.LoginResident.relation)
        ).all()
    )
    assert [tuple(link) for link in links] == [(login, child[0], "guardian")]


@pytest.mark.parametrize(
    ("relation", "code"),
    [(Relation.HELPER, Code.ACTS_FOR_ALREADY), (Relation.SELF, Code.ACTS_FOR_ALREADY)],
)
def test_nobody_is_added_twice(both_town, elder, relation, code):
    login = both_town.login(acts_for={elder[0]: "helper"})
    with pytest.raises(Refused) as caught:
        bind_signed_in(elder[1], elder[2], relation, by=login, keys=both_town.keys, now=FRIDAY)
    assert caught.value.refusal.code is code


def test_somebody_elses_own_passbook_is_not_called_mine(both_town, elder):
    both_town.login(acts_for={elder[0]: "self"})
    login = both_town.login()
    with pytest.raises(Refused) as caught:
        bind_signed_in(elder[1], elder[2], Relation.SELF, by=login, keys=both_town.keys, now=FRIDAY)
    assert caught.value.refusal.code is Code.ALREADY_BOUND


def test_who_moved_into_another_passbook_is_bound_no_more(both_town, elder):
    kept = both_town.resident()
    both_town.write(
        lambda tx: tx.run(
            update(m.Resident)
            .where(m.Resident.id == elder[0])
            .values(state="merged", merged_into_id=kept)
        )
    )
    assert refused(both_town, binding(elder)) is Code.ACTIVATION_CODE_WRONG


def test_binding_is_written_down(both_town, elder):
    principal = bound(both_town, binding(elder))
    row = both_town.write(lambda tx: tx.execute(select(m.AuditEvent)).scalars().one())
    assert (row.action, row.subject_id, row.login_id) == (
        "login_bound",
        elder[0],
        principal.login_id,
    )
    assert elder[2] not in str(row.facts)


def test_a_code_and_a_secret_are_not_printed(elder):
    assert elder[2] not in repr(binding(elder))
    assert PIN not in repr(binding(elder))


def test_of_two_who_bind_one_phone_at_once_one_is_told_it_is_taken(both_town, elder, monkeypatch):
    other = both_town.resident("李桂芳")
    _, number, _ = both_town.card(other)
    give_code(both_town, other, "333444555")
    both_have_looked = threading.Barrier(2)
    made = activation._record_login

    def record_login(*args):
        # On SQLite one waits for the other's whole transaction, and nobody comes.
        with contextlib.suppress(threading.BrokenBarrierError):
            both_have_looked.wait(timeout=1)
        return made(*args)

    monkeypatch.setattr(activation, "_record_login", record_login)
    answers = []

    def bind_one(given):
        with both_town.app.app_context():
            try:
                answers.append(bind(given, "", keys=both_town.keys, now=FRIDAY) and None)
            except Refused as error:
                answers.append(error.refusal.code)

    first = binding(elder)
    second = binding((other, number[:8], "333444555"))
    threads = [threading.Thread(target=bind_one, args=(one,)) for one in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers, key=str) == [None, Code.PHONE_TAKEN]


def test_age_decides_how_a_strip_may_be_used(both_town, elder, child):
    """Under 14 no sign-in of one's own, from 18 on no guardian; the code is not spent on it."""
    keys = both_town.keys
    login = both_town.login()
    for strip, relation, code in (
        (child, Relation.SELF, Code.OWN_LOGIN_TOO_YOUNG),
        (elder, Relation.GUARDIAN, Code.GUARDIAN_OF_ADULT),
    ):
        with pytest.raises(Refused) as caught:
            bind_signed_in(strip[1], strip[2], relation, by=login, keys=keys, now=FRIDAY)
        assert caught.value.refusal.code is code
        more = {"name": "陈大明"} if relation is Relation.GUARDIAN else {}
        assert refused(both_town, binding(strip, relation=relation, **more)) is code
    bind_signed_in(*child[1:], Relation.GUARDIAN, by=login, keys=keys, now=FRIDAY)
    bind_signed_in(*elder[1:], Relation.HELPER, by=login, keys=keys, now=FRIDAY)
