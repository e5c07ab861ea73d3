"""/admin/ledger: who finds which passbook, and taking a line back from the page."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.passbooks import award_lines, counted_statements, post_lines
from tests.signed_in import FreshClient, post, sign_in
from tests.town import FRIDAY, Town
from volunteer import clock
from volunteer.store import models as m

PHONE = "+8613800000003"


@pytest.fixture(autouse=True)
def _at_noon(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    app.test_client_class = FreshClient
    monkeypatch.setattr(clock, "now", lambda: FRIDAY)


def client_of(town: Town, role: str, community_id: int | None = None) -> FlaskClient:
    login_id = town.login(PHONE, name="林主任")
    town.grant(login_id, role, community_id)
    client = town.app.test_client()
    sign_in(client, PHONE)
    return client


def page_of(client: FlaskClient, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, response.get_data(as_text=True)[:3000]
    return response.get_data(as_text=True)


def ref_of(town: Town, resident_id: int) -> str:
    found = select(m.Resident.ref).where(m.Resident.id == resident_id)
    return town.write(lambda tx: str(tx.execute(found).scalar_one()))


def count(town: Town, model: type[m.Base]) -> int:
    counted = select(func.count()).select_from(model)
    return town.write(lambda tx: int(tx.execute(counted).scalar_one()))


def test_an_admin_finds_a_passbook_and_reads_its_lines(town: Town) -> None:
    resident_id = town.resident("陈秀英")
    award_lines(town, resident_id, 3)
    ref = ref_of(town, resident_id)
    client = client_of(town, "community_admin")
    assert "环境品质提升日" in page_of(client, "/admin/ledger")
    found = page_of(client, "/admin/ledger?q=chenxiuying")
    assert f'href="/admin/ledger/{ref}"' in found
    assert ">30<" in found
    book = page_of(client, f"/admin/ledger/{ref}?year=2025&kind=award")
    assert book.count('class="line-no" role="cell"') == 3
    assert f"/admin/ledger/{ref}/3" in book
    line = page_of(client, f"/admin/ledger/{ref}/2")
    assert "冲正这一笔" in line
    assert f'href="/admin/ledger/{ref}"' in page_of(client, f"/admin/people/{ref}")


def test_a_whole_number_opens_the_passbook_at_once(town: Town) -> None:
    resident_id = town.resident("陈秀英")
    _, number, _ = town.card(resident_id)
    response = client_of(town, "auditor").get(f"/admin/ledger?q={number}")
    assert response.status_code == 302
    assert response.location == f"/admin/ledger/{ref_of(town, resident_id)}"


def test_a_line_is_taken_back_with_a_reason_and_not_without(town: Town) -> None:
    resident_id = town.resident("陈秀英")
    award_lines(town, resident_id, 1)
    post_lines(town, resident_id, [{"points": -10, "code": "redemption"}])
    ref = ref_of(town, resident_id)
    client = client_of(town, "community_admin")
    path = f"/admin/ledger/{ref}/1/reverse"
    assert "其中 10 分已经用掉" in page_of(client, path)
    refused = post(client, path, {"reason": " "})
    assert refused.status_code == 422
    assert "请写明原因" in refused.get_data(as_text=True)
    assert count(town, m.Entry) == 2
    response = post(client, path, {"reason": "登记错人"})
    assert response.status_code == 302
    assert "第 1 笔已冲正" in page_of(client, response.location)
    assert count(town, m.Entry) == 4
    again = post(client, path, {"reason": "再来一次"})
    assert again.status_code == 409
    assert "已经冲正过" in again.get_data(as_text=True)
    assert "冲正这一笔" not in page_of(client, f"/admin/ledger/{ref}/1")
    assert "冲正一笔" in page_of(client, "/admin/audit")


def test_an_auditor_reads_and_does_not_reverse(town: Town) -> None:
    resident_id = town.resident("陈秀英")
    award_lines(town, resident_id, 1)
    ref = ref_of(town, resident_id)
    client = client_of(town, "auditor")
    assert "冲正这一笔" not in page_of(client, f"/admin/ledger/{ref}/1")
    page_of(client, f"/admin/ledger/{ref}/1/reverse", status=403)
    assert post(client, f"/admin/ledger/{ref}/1/reverse", {"reason": "x"}).status_code == 403


@pytest.mark.parametrize("role", ["organizer", "counter_staff"])
def test_who_has_no_business_with_the_ledger_is_kept_out(town: Town, role: str) -> None:
    page_of(client_of(town, role), "/admin/ledger", status=403)


def test_staff_of_another_community_find_nothing(town: Town) -> None:
    resident_id = town.resident("陈秀英")
    award_lines(town, resident_id, 1)
    ref = ref_of(town, resident_id)
    elsewhere = town.community("景华社区")
    client = client_of(town, "community_admin", elsewhere)
    assert "陈秀英" not in page_of(client, "/admin/ledger")
    assert ref not in page_of(client, "/admin/ledger?q=陈秀英")
    for path in (
        f"/admin/ledger/{ref}",
        f"/admin/ledger/{ref}/1",
        f"/admin/ledger/{ref}/1/reverse",
    ):
        assert "陈秀英" not in page_of(client, path, status=404)
    response = post(client, f"/admin/ledger/{ref}/1/reverse", {"reason": "登记错人"})
    assert response.status_code == 404
    assert count(town, m.Entry) == 1
    page_of(client, f"/admin/ledger?community={town.community_id}", status=404)


def test_a_look_at_a_minor_s_book_is_noted(town: Town) -> None:
    child_id = town.resident("陈小明", age_band="under_14")
    client = client_of(town, "auditor")
    page_of(client, f"/admin/ledger/{ref_of(town, child_id)}")
    noted = select(m.AuditEvent.action, m.AuditEvent.subject_id)
    assert town.write(lambda tx: tx.execute(noted).all()) == [("minor_opened", child_id)]


def test_the_journal_goes_back_page_by_page(town: Town) -> None:
    resident_id = town.resident("陈秀英")
    award_lines(town, resident_id, 30)
    client = client_of(town, "auditor")
    first = page_of(client, "/admin/ledger")
    assert first.count('role="rowheader"') == 25
    assert 'rel="next" ' in first or 'rel="next">' in first
    page = page_of(client, "/admin/ledger?before=6")
    assert page.count('role="rowheader"') == 5


def test_staff_pages_take_few_statements_however_long_the_book(town: Town) -> None:
    resident_id = town.resident("陈秀英")
    award_lines(town, resident_id, 25)
    ref = ref_of(town, resident_id)
    client = client_of(town, "community_admin")
    paths = (
        "/admin/ledger",
        "/admin/ledger?q=chen",
        f"/admin/ledger/{ref}",
        f"/admin/ledger/{ref}?year=2025",
        f"/admin/ledger/{ref}/1",
        f"/admin/ledger/{ref}/1/reverse",
    )
    few = [statements(client, path) for path in paths]
    assert max(few) <= 12
    post_lines(town, resident_id, [{"points": 1, "code": "opening_balance"}] * 3000)
    assert [statements(client, path) for path in paths] == few


def statements(client: FlaskClient, path: str) -> int:
    with counted_statements() as seen:
        page_of(client, path)
    return len(seen)
