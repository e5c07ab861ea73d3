"""Covers, pages of lines and the explanation of one line, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.passbooks import EARLY, attendance, award_lines, counted_statements, post_lines
from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.queries.passbook import (
    LOOK_BACK_LINES,
    PassbookCover,
    Wanted,
    read_cover_by_ref,
    read_covers,
    read_lines,
    read_passbooks_of,
)
from volunteer.queries.passbook_lines import read_explained_line
from volunteer.store.database import db

EVERYTHING = Scope.everything()


def cover_of(town: Town, resident_id: int) -> PassbookCover:
    db.session.remove()
    return read_covers(Scope.of(town.community_id), [resident_id])[resident_id]


def numbers(cover: PassbookCover, **wanted: object) -> list[int]:
    page = read_lines(EVERYTHING, cover, Wanted(**wanted))  # type: ignore[arg-type]
    return [line.entry_no for line in page.lines]


def test_a_cover_says_whose_it_is_and_how_it_stands(both_town: Town) -> None:
    other = both_town.resident("王芳")
    resident_id = both_town.resident("陈秀英", name_en="Chen Xiuying")
    award_lines(both_town, other, 1)
    award_lines(both_town, resident_id, 3)
    cover = cover_of(both_town, resident_id)
    assert (cover.name, cover.balance_points, cover.last_entry_no) == ("陈秀英", 30, 3)
    assert cover.community_name == "梅富社区"
    assert cover.first_posted_at == EARLY
    assert cover.last_posted_at == EARLY + timedelta(days=2)
    assert cover.years == (2025,)


def test_an_empty_passbook_has_no_years_and_no_lines(both_town: Town) -> None:
    cover = cover_of(both_town, both_town.resident())
    assert (cover.balance_points, cover.years, cover.first_posted_at) == (0, (), None)
    assert numbers(cover) == []
    assert numbers(cover, year=2026) == []


def test_another_community_s_passbook_is_not_found(both_town: Town) -> None:
    elsewhere = both_town.community("景华社区")
    resident_id = both_town.resident()
    award_lines(both_town, resident_id, 2)
    cover = cover_of(both_town, resident_id)
    assert read_covers(Scope.of(elsewhere), [resident_id]) == {}
    assert read_cover_by_ref(Scope.of(elsewhere), cover.ref) is None
    assert read_cover_by_ref(Scope.of(both_town.community_id), cover.ref) == cover
    assert read_lines(Scope.of(elsewhere), cover, Wanted()).lines == ()
    assert read_explained_line(Scope.of(elsewhere), cover, 1) is None


def test_pages_join_without_gap_or_repetition_in_both_directions(both_town: Town) -> None:
    resident_id = both_town.resident()
    award_lines(both_town, resident_id, 47)
    cover = cover_of(both_town, resident_id)
    page = read_lines(EVERYTHING, cover, Wanted())
    assert page.newer_after is None
    seen = [line.entry_no for line in page.lines]
    while page.older_before is not None:
        page = read_lines(EVERYTHING, cover, Wanted(before=page.older_before))
        seen += [line.entry_no for line in page.lines]
    assert seen == list(range(47, 0, -1))
    back = [line.entry_no for line in page.lines]
    while page.newer_after is not None:
        page = read_lines(EVERYTHING, cover, Wanted(after=page.newer_after))
        back = [line.entry_no for line in page.lines] + back
    assert back == list(range(47, 0, -1))


def test_a_year_begins_at_the_community_s_own_midnight(both_town: Town) -> None:
    resident_id = both_town.resident()
    award_lines(both_town, resident_id, 1)
    new_year = datetime(2025, 12, 31, 16, 0, tzinfo=UTC)  # midnight in Shanghai
    moments = [new_year - timedelta(seconds=1), new_year, new_year + timedelta(days=400)]
    post_lines(
        both_town,
        resident_id,
        [{"points": 1, "code": "adjustment", "at": at} for at in moments],
    )
    cover = cover_of(both_town, resident_id)
    assert cover.years == (2027, 2026, 2025)
    assert numbers(cover, year=2025) == [2, 1]
    assert numbers(cover, year=2026) == [3]
    assert numbers(cover, year=2027) == [4]
    assert numbers(cover, year=2024) == []
    assert numbers(cover, year=2028) == []


def test_kinds_are_filtered_within_a_year(both_town: Town) -> None:
    resident_id = both_town.resident()
    award_lines(both_town, resident_id, 3)
    post_lines(
        both_town,
        resident_id,
        [
            {"points": -5, "code": "redemption"},
            {"points": 2, "code": "adjustment", "reason": "少记"},
        ],
    )
    cover = cover_of(both_town, resident_id)
    assert numbers(cover, kind="award") == [3, 2, 1]
    assert numbers(cover, kind="redeemed") == [4]
    assert numbers(cover, kind="correction", year=2026) == [5]
    assert numbers(cover, kind="correction", year=2025) == []


def test_a_kind_is_sought_a_stretch_at_a_time(both_town: Town) -> None:
    resident_id = both_town.resident()
    award_lines(both_town, resident_id, 1)
    post_lines(both_town, resident_id, [{"points": -5, "code": "redemption"}])
    award_lines_of(both_town, resident_id, LOOK_BACK_LINES + 5)
    cover = cover_of(both_town, resident_id)
    page = read_lines(EVERYTHING, cover, Wanted(kind="redeemed"))
    assert (page.lines, page.looked_through) == ((), True)
    page = read_lines(EVERYTHING, cover, Wanted(kind="redeemed", before=page.older_before))
    assert [line.entry_no for line in page.lines] == [2]
    assert (page.older_before, page.looked_through) == (None, False)


def award_lines_of(town: Town, resident_id: int, count: int) -> None:
    lines = [{"points": 1, "code": "opening_balance", "at": FRIDAY} for _ in range(count)]
    post_lines(town, resident_id, lines)


def test_ten_thousand_lines_cost_no_more_than_a_hundred(town: Town) -> None:
    """Statements are counted, and the steps that SQLite's machine takes for them."""
    short, long = town.resident("短"), town.resident("长")
    award_lines(town, short, 100)
    award_lines(town, long, 10_000)
    for wanted in ({}, {"year": 2025}, {"before": 60}, {"after": 3, "year": 2025}):
        few = effort(cover_of(town, short), **wanted)
        many = effort(cover_of(town, long), **wanted)
        assert many[0] == few[0] <= 2
        assert many[1] < 2 * few[1]
    # A kind that is not there: the stretch that one page looks through, and no more.
    assert effort(cover_of(town, long), kind="redeemed")[1] < 20 * LOOK_BACK_LINES


def effort(cover: PassbookCover, **wanted: object) -> tuple[int, int]:
    """(statements, steps of SQLite's virtual machine) to read a page."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    raw = db.session.connection().connection.driver_connection
    raw.set_progress_handler(count, 10)
    with counted_statements() as seen:
        read_lines(EVERYTHING, cover, Wanted(**wanted))  # type: ignore[arg-type]
    raw.set_progress_handler(None, 10)
    return len(seen), steps * 10


def test_a_line_explains_itself(both_town: Town) -> None:
    resident_id, leader_id = both_town.resident(), both_town.resident("林强")
    login_id = both_town.login(acts_for={leader_id: "self"})
    activity_id = both_town.activity(
        rule={"points_per_hour": 10, "leader_factor_percent": 120, "cap_event_points": 30}
    )
    event_id = both_town.event(activity_id, leaders={leader_id: False})
    attendance_id = attendance(both_town, event_id, resident_id, provenance="card_scan")
    post_lines(
        both_town,
        resident_id,
        [
            {
                "points": 30,
                "minutes": 180,
                "attendance_id": attendance_id,
                "recorded_by_login_id": login_id,
                "facts": {"part": "check_out", "minutes": 180, "points_before_cap": 36},
            }
        ],
    )
    line = read_explained_line(EVERYTHING, cover_of(both_town, resident_id), 1)
    assert line is not None
    assert line.event is not None
    assert (line.event.activity_name, line.event.place) == ("环境品质提升日", "梅富村广场")
    assert (line.part, line.facts["points_before_cap"]) == ("check_out", 36)
    assert (line.recorded_by.role, line.recorded_by.relation) == ("leader", None)
    assert line.recorded_by.name == "林主任"
    assert (line.reverses_no, line.reversed_by_no, line.rule) == (None, None, None)
    assert read_explained_line(EVERYTHING, cover_of(both_town, resident_id), 2) is None


@pytest.mark.parametrize("relation", ["self", "guardian", "helper"])
def test_a_line_knows_who_recorded_it_for_whom(both_town: Town, relation: str) -> None:
    resident_id = both_town.resident()
    login_id = both_town.login(acts_for={resident_id: relation}, roles=("organizer",))
    post_lines(
        both_town,
        resident_id,
        [{"points": 3, "code": "adjustment", "recorded_by_login_id": login_id, "reason": "补"}],
    )
    line = read_explained_line(EVERYTHING, cover_of(both_town, resident_id), 1)
    assert line is not None
    assert (line.recorded_by.relation, line.recorded_by.role) == (relation, "organizer")
    assert (line.event, line.scan, line.reason) == (None, None, "补")


def test_a_person_s_guest_passbooks_are_found_from_home(both_town: Town) -> None:
    elsewhere = both_town.community("景华社区")
    home = both_town.resident("陈秀英")
    stranger = both_town.resident("王芳")
    guest = both_town.resident(
        "陈秀英",
        community_id=elsewhere,
        home_community_id=both_town.community_id,
        home_resident_id=home,
    )
    found = read_passbooks_of(Scope.of(both_town.community_id), [home])
    assert [(one.resident_id, one.is_guest) for one in found] == [(home, False), (guest, True)]
    assert read_passbooks_of(Scope.of(elsewhere), [home]) == []
    assert stranger not in {one.resident_id for one in found}
