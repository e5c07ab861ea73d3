"""Pages find cards, codes, links and leaders along indexes, however large a community grows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from tests.town import FRIDAY, PASSWORD, Town
from volunteer.domain.access import Scope
from volunteer.domain.people_search import parse_people_search
from volunteer.domain.tokens import session_token_hash
from volunteer.queries.passbook import read_passbooks_of
from volunteer.queries.people import SHOWS, PeopleFilter, read_people
from volunteer.queries.principals import read_principal
from volunteer.queries.roll_call import find_candidates
from volunteer.services.sign_in import Browser, sign_in
from volunteer.store.activation import load_codes
from volunteer.store.database import db

GROWING = {"activation_code", "attendance", "card", "consent", "event_leader", "login_resident"}
GROWING |= {"account", "external_number", "residence", "scan"}


def people(town: Town, text: str = "", show: str = "") -> object:
    wanted = PeopleFilter(search=parse_people_search(text), show=show)
    here = town.community_id
    return read_people(Scope.of(here), here, wanted, 1, today=FRIDAY.date())


def who_is_asking(town: Town) -> object:
    phone = "+8613800000009"
    town.login(phone, acts_for={town.resident(): "self"})
    token = sign_in(phone, PASSWORD, Browser(), keys=town.keys, now=FRIDAY).token
    found = read_principal(session_token_hash(token), FRIDAY)
    assert found is not None
    return found


def own_passbooks(town: Town) -> object:
    found = read_passbooks_of(Scope.of(town.community_id), [town.resident(), town.resident()])
    assert len(found) == 2
    return found


READS: dict[str, Callable[[Town], object]] = {
    "an activation": lambda town: town.write(lambda tx: load_codes(tx, 1)),
    "roll call": lambda town: find_candidates("01", 1, Scope.of(town.community_id)),
    "who is asking": who_is_asking,
    "one's own passbooks": own_passbooks,
    **{f"people, {show}": lambda town, show=show: people(town, show=show) for show in SHOWS},  # type: ignore[misc]
    **{
        f"people, {text}": lambda town, text=text: people(town, text)  # type: ignore[misc]
        for text in ("王", "1204", "12栋402", "K7Q2M9K7Q2M9K7Q2M9K7")
    },
}


@pytest.mark.parametrize("read", READS)
def test_nothing_is_read_from_end_to_end(town: Town, read: str) -> None:
    """On SQLite, whose plans do not depend on how few rows a test has."""
    sent: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_more: object) -> None:
        if statement.startswith("SELECT"):
            sent.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    READS[read](town)
    event.remove(db.engine, "before_cursor_execute", note)
    assert sent
    with db.engine.connect() as connection:
        plans = [
            str(row[-1])
            for statement, parameters in sent
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    words = [plan.split() for plan in plans]
    assert [one for one in words if one[0] == "SCAN" and one[1] in GROWING] == []
