"""Residents are taken up with all that belongs to them, many at once as cheaply as one."""

from datetime import date

from sqlalchemy import func, select

from tests.statements import statements
from tests.town import FRIDAY, Town
from volunteer.domain.activation import Purpose, activation_code_hash, strip_code
from volunteer.domain.passbook_number import is_passbook_number
from volunteer.domain.people import AddedPerson, Home, NewPerson
from volunteer.domain.tokens import card_code, card_code_hash
from volunteer.store import models as m
from volunteer.store.database import db
from volunteer.store.people import record_residents


def _people(town: Town, count: int) -> list[NewPerson]:
    building, group = town.building(f"{count}栋"), town.youth_group(f"小队{count}")
    home = Home(date(2026, 1, 1), area_id=town.area_id, building_id=building, room="402")
    return [
        NewPerson(
            name=f"单小{'一二三四五六七八九十'[place % 10]}",
            age_band="under_14",
            home=home,
            youth_group_id=group,
            guardian_consent_by="单于浩",
            external_numbers=(("义工号", f"SZ{place}"),),
        )
        for place in range(count)
    ]


def _add(town: Town, people: list[NewPerson]) -> list[AddedPerson]:
    return town.write(
        lambda tx: record_residents(
            tx, town.community_id, people, keys=town.keys, by=None, now=FRIDAY
        )
    )


def test_a_person_comes_with_passbook_home_card_strip_and_consent(both_town: Town) -> None:
    town = both_town
    (added,) = _add(town, _people(town, 1))
    row = db.session.get_one(m.Resident, added.resident_id)
    assert is_passbook_number(row.passbook_number)
    assert row.passbook_number == added.passbook_number
    assert (row.pinyin, row.initials) == ("shanxiaoyi", "sxy")
    account = db.session.execute(
        select(m.Account).where(m.Account.resident_id == row.id)
    ).scalar_one()
    assert account.balance_points == 0
    assert account.head_hash != b"\0" * 32
    card = db.session.get_one(m.Card, added.card_id)
    assert card.number == added.card_number == f"{added.passbook_number}01"
    assert card.code_hash == card_code_hash(card_code(town.keys.card_code, card.number))
    code = db.session.execute(select(m.ActivationCode)).scalar_one()
    key = town.keys.activation_code
    assert code.purpose == Purpose.CARD_STRIP
    assert code.code_hash == activation_code_hash(key, row.id, strip_code(key, card.number))
    assert (code.expires_at - FRIDAY).days == 90
    for model in (m.Residence, m.Membership, m.ExternalNumber):
        assert db.session.scalar(select(func.count()).select_from(model)) == 1
    consent = db.session.execute(select(m.Consent)).scalar_one()
    assert (consent.what, consent.given, consent.given_by) == ("guardian_consent", True, "单于浩")


def test_many_take_as_many_statements_as_one(both_town: Town) -> None:
    counts = []
    for count in (1, 60):
        people = _people(both_town, count)
        with statements() as seen:
            added = _add(both_town, people)
        counts.append(len(seen))
        assert [db.session.get_one(m.Resident, one.resident_id).name for one in added] == [
            person.name for person in people
        ]
        assert len({one.passbook_number for one in added}) == count
        db.session.remove()
    assert counts[0] == counts[1] <= 12


def test_a_number_that_is_taken_is_not_drawn(both_town: Town, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """Draws that hit a resident's number, or one a blank card keeps, are passed over."""
    from volunteer.store import people as store

    _, blank, _ = both_town.card(None)
    has_one = both_town.resident()
    taken = both_town.write(lambda tx: tx.get_one(m.Resident, has_one).passbook_number)
    draws = iter([int(taken[:7]) - 1_000_000, int(blank[:7]) - 1_000_000, 5, 6, 7, 8, 9])

    def draw(_below: int) -> int:
        return next(draws)

    monkeypatch.setattr(store.secrets, "randbelow", draw)
    (added,) = _add(both_town, [NewPerson(name="何静", age_band="18_plus")])
    assert added.passbook_number not in (taken, blank[:8])


def test_a_number_known_before_is_kept_and_a_card_may_wait(both_town: Town) -> None:
    person = NewPerson(name="何静", age_band="18_plus", passbook_number="12345674", with_card=False)
    (added,) = _add(both_town, [person])
    assert added.passbook_number == "12345674"
    assert added.card_id is None
    assert db.session.scalar(select(func.count()).select_from(m.Card)) == 0
