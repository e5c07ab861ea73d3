import contextlib
import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.town import FRIDAY, PASSWORD
from volunteer.domain.access import Scope
from volunteer.domain.refusals import Code, Refused
from volunteer.domain.tokens import session_token_hash
from volunteer.queries.me import read_own_sessions
from volunteer.queries.principals import read_principal
from volunteer.services import logins as service
from volunteer.services.logins import NewAdmin
from volunteer.services.sign_in import Browser, sign_in
from volunteer.store import activation as store
from volunteer.store import models as m

NEW = "梅富村的老榕树下有口井"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    """The cost of scrypt is Werkzeug's to test."""
    made = service.generate_password_hash
    monkeypatch.setattr(
        service, "generate_password_hash", lambda secret: made(secret, "pbkdf2:sha256:1")
    )


def signed_in(town, login_id):
    """The principal of a new session of this login, and its token's hash."""
    phone = town.write(
        lambda tx: tx.execute(select(m.Login.phone).where(m.Login.id == login_id)).scalar_one()
    )
    token = sign_in(phone, PASSWORD, Browser("WeChat"), keys=town.keys, now=FRIDAY).token
    return read_principal(session_token_hash(token), FRIDAY).principal, session_token_hash(token)


def refused(call, *args, **kwargs):
    with pytest.raises(Refused) as caught:
        call(*args, **kwargs)
    return caught.value.refusal.code


class TestOwnSecret:
    def change(self, town, principal, old=PASSWORD, new=NEW, now=FRIDAY):
        service.change_secret(old, new, principal=principal, keys=town.keys, now=now)

    def test_a_new_secret_signs_in_and_every_other_phone_is_out(self, both_town):
        login = both_town.login("+8613800000004")
        here, here_hash = signed_in(both_town, login)
        _, elsewhere_hash = signed_in(both_town, login)
        self.change(both_town, here)
        assert read_principal(here_hash, FRIDAY)
        assert read_principal(elsewhere_hash, FRIDAY) is None
        assert sign_in("13800000004", NEW, Browser(), keys=both_town.keys, now=FRIDAY)

    def test_the_old_one_must_be_right_and_is_not_guessed_at_a_stolen_phone(self, both_town):
        here, _ = signed_in(both_town, both_town.login())
        answers = [refused(self.change, both_town, here, old="wrong") for _ in range(6)]
        assert answers == [Code.SECRET_WRONG] * 5 + [Code.THROTTLED]
        self.change(both_town, here, now=FRIDAY + timedelta(minutes=5))

    @pytest.mark.parametrize(
        ("roles", "new", "code"),
        [
            ((), "123456", Code.PIN_TRIVIAL),
            ((), "12345", Code.PIN_FORMAT),
            ((), "short", Code.PASSWORD_SHORT),
            (("organizer",), "482917", Code.PASSWORD_SHORT),
        ],
    )
    def test_a_weak_one_is_refused(self, both_town, roles, new, code):
        here, _ = signed_in(both_town, both_town.login(roles=roles))
        assert refused(self.change, both_town, here, new=new) is code

    def test_a_resident_may_choose_a_pin_that_is_not_their_birthday(self, both_town):
        resident = both_town.resident(birth_date=FRIDAY.date().replace(year=1957))
        here, _ = signed_in(both_town, both_town.login(acts_for={resident: "self"}))
        assert refused(self.change, both_town, here, new="571120") is Code.PIN_TRIVIAL
        self.change(both_town, here, new="482917")

    def test_a_leader_keeps_to_a_pin(self, both_town):
        """As when the phone is bound: who leads an event on a Friday is a resident like others."""
        resident = both_town.resident()
        both_town.event(both_town.activity(), leaders={resident: False})
        here, _ = signed_in(both_town, both_town.login(acts_for={resident: "self"}))
        assert here.led_event_ids
        self.change(both_town, here, new="482917")


class TestOwnSessions:
    def test_one_browser_is_signed_out(self, both_town):
        login = both_town.login()
        here, here_hash = signed_in(both_town, login)
        there, there_hash = signed_in(both_town, login)
        assert [one.here for one in read_own_sessions(here, FRIDAY)] == [True, False]
        service.revoke_session(there.session_id, principal=here, now=FRIDAY)
        assert read_principal(there_hash, FRIDAY) is None
        assert read_principal(here_hash, FRIDAY)
        assert len(read_own_sessions(here, FRIDAY)) == 1

    def test_somebody_elses_browser_is_not_found(self, both_town):
        stranger, stranger_hash = signed_in(both_town, both_town.login())
        here, _ = signed_in(both_town, both_town.login())
        answer = refused(service.revoke_session, stranger.session_id, principal=here, now=FRIDAY)
        assert answer is Code.NOT_FOUND
        assert read_principal(stranger_hash, FRIDAY)

    def test_every_other_browser_is_signed_out(self, both_town):
        login, other = both_town.login(), both_town.login()
        here, here_hash = signed_in(both_town, login)
        others = [signed_in(both_town, login)[1] for _ in range(2)]
        _, strangers_hash = signed_in(both_town, other)
        service.revoke_other_sessions(principal=here, now=FRIDAY)
        assert [read_principal(one, FRIDAY) for one in others] == [None, None]
        assert read_principal(here_hash, FRIDAY)
        assert read_principal(strangers_hash, FRIDAY)


class TestStaffCode:
    def issue(self, town, resident_id, principal, scope=None):
        return service.issue_staff_code(
            resident_id,
            principal=principal,
            keys=town.keys,
            now=FRIDAY,
            scope=scope or Scope.of(town.community_id),
        )

    def test_staff_give_a_code_that_replaces_the_one_before(self, both_town):
        staff, _ = signed_in(both_town, both_town.login(roles=("counter_staff",)))
        resident = both_town.resident()
        first, second = (self.issue(both_town, resident, staff) for _ in range(2))
        assert first != second
        rows = both_town.write(
            lambda tx: tx.execute(
                select(m.ActivationCode.expires_at).order_by(m.ActivationCode.id)
            ).all()
        )
        assert [row.expires_at for row in rows] == [FRIDAY, FRIDAY + timedelta(hours=24)]

    def test_of_codes_given_at_once_one_lives(self, both_town, monkeypatch):
        """Both have ended the codes they saw before either writes its own, unless one waits."""
        staff, _ = signed_in(both_town, both_town.login(roles=("counter_staff",)))
        resident = both_town.resident()
        both_at_it = threading.Barrier(2)
        digest = store.activation_code_hash

        def hash_when_both_are_there(*args):
            with contextlib.suppress(threading.BrokenBarrierError):
                both_at_it.wait(timeout=0.5)
            return digest(*args)

        monkeypatch.setattr(store, "activation_code_hash", hash_when_both_are_there)

        def issue():
            with both_town.app.app_context():
                self.issue(both_town, resident, staff)

        with ThreadPoolExecutor(2) as pool:
            for answer in [pool.submit(issue) for _ in range(2)]:
                answer.result()
        lives = select(m.ActivationCode.id).where(m.ActivationCode.expires_at > FRIDAY)
        assert len(both_town.write(lambda tx: tx.execute(lives).all())) == 1

    def test_not_for_another_communitys_resident(self, both_town):
        staff, _ = signed_in(both_town, both_town.login(roles=("counter_staff",)))
        elsewhere = both_town.resident(community_id=both_town.community("景华社区"))
        assert refused(self.issue, both_town, elsewhere, staff) is Code.NOT_FOUND
        assert refused(self.issue, both_town, 10**9, staff) is Code.NOT_FOUND

    def test_counter_staff_cannot_become_the_admin_by_giving_them_a_code(self, both_town):
        counter, _ = signed_in(both_town, both_town.login(roles=("counter_staff",)))
        admin, _ = signed_in(both_town, both_town.login(roles=("community_admin",)))
        organizer = both_town.resident()
        both_town.login(acts_for={organizer: "self"}, roles=("organizer",))
        assert refused(self.issue, both_town, organizer, counter) is Code.PERMISSION_MISSING
        assert self.issue(both_town, organizer, admin)

    def test_a_community_admin_cannot_become_the_sub_districts(self, both_town):
        admin, _ = signed_in(both_town, both_town.login(roles=("community_admin",)))
        higher = both_town.resident()
        both_town.login(acts_for={higher: "self"}, roles=("sub_district_admin",))
        assert refused(self.issue, both_town, higher, admin) is Code.PERMISSION_MISSING


class TestTemporaryPassword:
    def test_the_admin_lets_a_locked_out_colleague_in(self, both_town):
        admin, _ = signed_in(both_town, both_town.login(roles=("community_admin",)))
        colleague = both_town.login("+8613800000001", roles=("organizer",))
        _, old_hash = signed_in(both_town, colleague)
        password = service.set_temporary_password(
            colleague, principal=admin, now=FRIDAY, scope=admin.scope
        )
        assert read_principal(old_hash, FRIDAY) is None
        assert sign_in("13800000001", password, Browser(), keys=both_town.keys, now=FRIDAY)

    def test_nobody_else_does(self, both_town):
        organizer, _ = signed_in(both_town, both_town.login(roles=("organizer",)))
        colleague = both_town.login(roles=("organizer",))
        resident = both_town.login()
        call = service.set_temporary_password
        more = {"principal": organizer, "now": FRIDAY, "scope": organizer.scope}
        assert refused(call, colleague, **more) is Code.PERMISSION_MISSING
        assert refused(call, resident, **more) is Code.NOT_FOUND
        nowhere = more | {"scope": Scope.nothing()}
        assert refused(call, colleague, **nowhere) is Code.NOT_FOUND

    def test_a_stranger_is_not_given_a_role_to_be_taken_over(self, both_town):
        admin, _ = signed_in(both_town, both_town.login(roles=("community_admin",)))
        elsewhere = both_town.resident(community_id=both_town.community("景华社区"))
        stranger = both_town.login(acts_for={elsewhere: "self"}, roles=("organizer",))
        answer = refused(
            service.set_temporary_password,
            stranger,
            principal=admin,
            now=FRIDAY,
            scope=admin.scope,
        )
        assert answer is Code.PERMISSION_MISSING


class TestResoldPhone:
    PHONE = "+8613800000004"

    def release(self, town, staff, scope=None):
        service.release_phone(self.PHONE, principal=staff, now=FRIDAY, scope=scope or staff.scope)

    def test_the_former_owner_keeps_the_passbook_and_loses_the_phone(self, both_town):
        staff, _ = signed_in(both_town, both_town.login(roles=("organizer",)))
        resident = both_town.resident()
        login = both_town.login(self.PHONE, acts_for={resident: "self"})
        _, old_hash = signed_in(both_town, login)
        self.release(both_town, staff)
        row = both_town.write(
            lambda tx: tx.execute(
                select(m.Login.phone, m.Login.passbook_number).where(m.Login.id == login)
            ).one()
        )
        assert row.phone is None
        assert read_principal(old_hash, FRIDAY) is None
        assert sign_in(row.passbook_number, PASSWORD, Browser(), keys=both_town.keys, now=FRIDAY)

    def test_only_where_the_passbook_is_ours(self, both_town):
        staff, _ = signed_in(both_town, both_town.login(roles=("organizer",)))
        assert refused(self.release, both_town, staff) is Code.NOT_FOUND
        elsewhere = both_town.resident(community_id=both_town.community("景华社区"))
        both_town.login(self.PHONE, acts_for={elsewhere: "self"})
        assert refused(self.release, both_town, staff) is Code.NOT_FOUND

    def test_not_by_a_link_that_has_ended(self, both_town):
        staff, _ = signed_in(both_town, both_town.login(roles=("organizer",)))
        elsewhere = both_town.resident(community_id=both_town.community("景华社区"))
        login = both_town.login(self.PHONE, acts_for={elsewhere: "self"})
        for ended in ({"revoked_at": FRIDAY}, {"ends_on": FRIDAY.date() - timedelta(days=2)}):
            link = both_town.acts_for(login, both_town.resident(), "helper")
            ending = update(m.LoginResident).where(m.LoginResident.id == link).values(**ended)
            both_town.write(lambda tx, ending=ending: tx.execute(ending))
        assert refused(self.release, both_town, staff) is Code.NOT_FOUND

    def test_not_of_a_neighbour_who_was_written_down_here_as_a_helper(self, both_town):
        """Staff write that link themselves: it must not open another community's login."""
        staff, _ = signed_in(both_town, both_town.login(roles=("organizer",)))
        elsewhere = both_town.resident(community_id=both_town.community("景华社区"))
        login = both_town.login(self.PHONE, acts_for={elsewhere: "self"})
        both_town.acts_for(login, both_town.resident(), "helper")
        assert refused(self.release, both_town, staff) is Code.NOT_FOUND
        both_town.acts_for(login, both_town.resident(), "self")
        assert self.release(both_town, staff) is None

    def test_never_a_colleagues(self, both_town):
        staff, _ = signed_in(both_town, both_town.login(roles=("organizer",)))
        resident = both_town.resident()
        both_town.login(self.PHONE, acts_for={resident: "self"}, roles=("auditor",))
        assert refused(self.release, both_town, staff) is Code.PERMISSION_MISSING


class TestFirstAdmin:
    NEW = NewAdmin("林主任", "138 0000 0003", NEW)

    def create(self, town, new=NEW, community_id=None):
        return service.create_admin(
            new, community_id or town.community_id, now=FRIDAY, scope=Scope.everything()
        )

    def test_the_first_admin_signs_in(self, both_town):
        login = self.create(both_town, self.NEW)
        token = sign_in("13800000003", NEW, Browser(), keys=both_town.keys, now=FRIDAY).token
        found = read_principal(session_token_hash(token), FRIDAY).principal
        assert found.login_id == login
        assert [grant.role.value for grant in found.grants] == ["community_admin"]

    def test_a_phone_that_signs_in_already_becomes_the_admins(self, both_town):
        login = both_town.login("+8613800000003")
        assert self.create(both_town, self.NEW) == login

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"phone": "nobody"}, Code.PHONE_INVALID),
            ({"name": ""}, Code.NAME_MISSING),
            ({"password": "482917"}, Code.PASSWORD_SHORT),
            ({"password": "x" * 129}, Code.PASSWORD_LONG),
            ({"password": "password2026"}, Code.PASSWORD_COMMON),
        ],
    )
    def test_a_form_that_is_refused_makes_nobody(self, both_town, more, code):
        new = dataclasses.replace(self.NEW, **more)
        assert refused(self.create, both_town, new) is code

    def test_the_password_is_not_printed(self):
        assert NEW not in repr(self.NEW)
