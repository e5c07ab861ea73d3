"""A guardian with the child's card in hand asks; staff confirm or send back."""

from __future__ import annotations

from datetime import date, timedelta
from threading import Thread

import pytest
from sqlalchemy import select, update

from tests.scanning import as_device, record, scan_row
from tests.town import FRIDAY, Town
from volunteer.domain.access import Relation, Scope
from volunteer.domain.refusals import Code, Refused
from volunteer.domain.tokens import CardCode
from volunteer.queries.family import read_requests
from volunteer.services import family_requests as service
from volunteer.services.family_requests import Asked
from volunteer.store import models as m
from volunteer.store.database import db

TODAY = date(2026, 11, 20)


class Household:
    """A mother with her own passbook, two children with cards, and a member of staff."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.mother = town.resident("王芳")
        self.child = town.resident("王小明", name_en="Wang Xiaoming", birth_date=date(2016, 1, 1))
        self.grown = town.resident("王大明", birth_date=date(2008, 11, 20))
        self.codes = {
            one: CardCode(town.card(one)[2]) for one in (self.mother, self.child, self.grown)
        }
        self.login = town.login("+8613800138005", name="王芳", acts_for={self.mother: "self"})
        self.staff = town.login(roles=("organizer",))
        self.scope = Scope.of(town.community_id)

    def ask(self, of: int | None = None, name: str = "王小明", **more: object) -> int:
        by = more.pop("by", self.login)
        given = {"relation": Relation.GUARDIAN, "agrees": True} | more
        asked = Asked(self.codes[of or self.child], name, **given)  # type: ignore[arg-type]
        return service.ask(asked, by=by, keys=self.town.keys, now=FRIDAY)  # type: ignore[arg-type]

    def refused(self, of: int | None = None, name: str = "王小明", **more: object) -> Code:
        with pytest.raises(Refused) as caught:
            self.ask(of, name, **more)
        return caught.value.refusal.code

    def confirm(self, request_id: int, **more: object) -> None:
        who = {"by": self.staff, "now": FRIDAY + timedelta(hours=1), "scope": self.scope} | more
        service.confirm(request_id, **who)  # type: ignore[arg-type]

    def not_confirmed(self, request_id: int, **more: object) -> Code:
        with pytest.raises(Refused) as caught:
            self.confirm(request_id, **more)
        return caught.value.refusal.code

    def waiting(self) -> int:
        return len(read_requests(self.scope, self.town.community_id, TODAY))

    def links(self, resident_id: int) -> list[tuple[int, str]]:
        db.session.remove()
        found = select(m.LoginResident.login_id, m.LoginResident.relation).where(
            m.LoginResident.resident_id == resident_id
        )
        return [tuple(row) for row in db.session.execute(found)]


@pytest.fixture
def home(both_town: Town) -> Household:
    return Household(both_town)


def test_nothing_opens_until_staff_confirm_and_the_consent_comes_along(home: Household) -> None:
    request_id = home.ask(name=" wang xiaoming ")
    assert home.links(home.child) == []
    assert home.waiting() == 1
    (seen,) = read_requests(home.scope, home.town.community_id, TODAY)
    assert (seen.name, seen.own_name, seen.agreed, seen.acting) == ("王小明", "王芳", True, 0)
    assert read_requests(Scope.nothing(), home.town.community_id, TODAY) == ()
    home.confirm(request_id)
    assert home.links(home.child) == [(home.login, "guardian")]
    consent = db.session.scalars(select(m.Consent)).one()
    assert (consent.what, consent.given, consent.given_by) == ("guardian_consent", True, "王芳")
    assert (consent.text_version, consent.given_at) == ("2026-11", FRIDAY)
    assert consent.recorded_by_login_id == home.login
    trail = db.session.scalars(select(m.AuditEvent).order_by(m.AuditEvent.id)).all()
    assert [(one.action, one.login_id, one.on_behalf_of_resident_id) for one in trail] == [
        ("family_asked", home.login, None),
        ("consent_given", home.login, home.child),
        ("family_confirmed", home.staff, None),
    ]
    # What the confirmation is for: the child's next scan counts.
    event_id = home.town.event(home.town.activity())
    (verdict,) = record(
        home.town, as_device(home.town.device()), scan_row(event_id, home.codes[home.child].code)
    )
    assert verdict.verdict == "accepted"
    assert home.waiting() == 0
    assert home.not_confirmed(request_id) is Code.CHANGED_MEANWHILE


def test_what_staff_send_back_opens_nothing(home: Household) -> None:
    request_id = home.ask()
    who = {"by": home.staff, "now": FRIDAY, "scope": home.scope}
    with pytest.raises(Refused) as caught:
        service.send_back(request_id, " ", **who)  # type: ignore[arg-type]
    assert caught.value.refusal.code is Code.REASON_MISSING
    service.send_back(request_id, "请到社区来一趟", **who)  # type: ignore[arg-type]
    assert home.links(home.child) == []
    assert not db.session.scalars(select(m.Consent)).all()
    assert home.not_confirmed(request_id) is Code.CHANGED_MEANWHILE
    home.confirm(home.ask())  # and may ask again
    assert home.links(home.child) == [(home.login, "guardian")]


def test_what_may_not_be_asked(home: Household) -> None:
    town = home.town
    assert home.refused(name="王小红") is Code.CARD_NAME_DIFFERS
    assert home.refused(name=" ") is Code.NAME_MISSING
    assert home.refused(relation=Relation.SELF) is Code.CHOICE_MISSING
    assert home.refused(agrees=False) is Code.AGREEMENT_MISSING
    assert home.refused(home.grown, "王大明") is Code.GUARDIAN_OF_ADULT
    assert home.refused(home.mother, "王芳", relation=Relation.HELPER) is Code.ACTS_FOR_ALREADY
    home.codes[0] = CardCode("0" * 20)
    home.codes[-1] = CardCode(town.card(None)[2])
    assert home.refused(-1) is Code.CARD_BLANK
    sister = town.resident("王小红", age_band="14_17")
    her_login = town.login(acts_for={sister: "self"})
    assert home.refused(by=her_login) is Code.GUARDIAN_TOO_YOUNG
    assert home.ask(by=her_login, relation=Relation.HELPER)
    town.write(
        lambda tx: tx.run(
            update(m.Card)
            .where(m.Card.resident_id == home.grown)
            .values(state="replaced", ended_at=FRIDAY)
        )
    )
    assert home.refused(home.grown, "王大明", relation=Relation.HELPER) is Code.CARD_REPLACED
    home.ask()
    assert home.refused() is Code.ALREADY_ASKED
    assert home.waiting() == 2


def test_guessing_names_to_a_card_is_slowed(home: Household) -> None:
    for _ in range(5):
        assert home.refused(name="李小明") is Code.CARD_NAME_DIFFERS
    assert home.refused() is Code.THROTTLED
    other = home.town.login()
    assert home.ask(by=other), "another's tries are their own"


def test_staff_do_not_confirm_their_own_family(home: Household) -> None:
    town = home.town
    home.town.grant(home.login, "organizer")
    request_id = home.ask()
    assert home.not_confirmed(request_id, by=home.login) is Code.SECOND_PERSON_NEEDED
    father = town.login(roles=("organizer",), acts_for={home.child: "guardian"})
    assert home.not_confirmed(request_id, by=father) is Code.SECOND_PERSON_NEEDED
    assert home.not_confirmed(request_id, scope=Scope.nothing()) is Code.NOT_FOUND
    home.confirm(request_id)
    assert set(home.links(home.child)) == {(father, "guardian"), (home.login, "guardian")}


def test_a_birthday_between_asking_and_confirming(home: Household) -> None:
    request_id = home.ask()
    came_of_age = FRIDAY + timedelta(days=366 * 8)
    assert home.not_confirmed(request_id, now=came_of_age) is Code.GUARDIAN_OF_ADULT
    assert home.links(home.child) == []


def test_only_who_asked_takes_it_back(home: Household) -> None:
    request_id = home.ask()
    with pytest.raises(Refused) as caught:
        service.withdraw(request_id, by=home.staff, now=FRIDAY)
    assert caught.value.refusal.code is Code.NOT_FOUND
    service.withdraw(request_id, by=home.login, now=FRIDAY)
    assert home.not_confirmed(request_id) is Code.CHANGED_MEANWHILE
    assert home.ask()


def test_two_taps_at_once_ask_once_and_confirm_once(home: Household) -> None:
    app, answers = home.town.app, []

    def at_once(work) -> list[object]:  # type: ignore[no-untyped-def]
        found: list[object] = []

        def run() -> None:
            with app.app_context():
                try:
                    found.append(work())
                except Refused as refused:
                    found.append(refused.refusal.code)
                finally:
                    db.session.remove()

        threads = [Thread(target=run) for _ in range(6)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        return found

    answers = at_once(home.ask)
    (request_id,) = [one for one in answers if isinstance(one, int) and not isinstance(one, Code)]
    assert set(answers) - {request_id} <= {Code.ALREADY_ASKED, Code.THROTTLED}
    answers = at_once(lambda: home.confirm(request_id))
    assert answers.count(None) == 1
    assert home.links(home.child) == [(home.login, "guardian")]
    assert len(db.session.scalars(select(m.Consent)).all()) == 1
