"""The pages of old passbooks: written down by one person, approved by another, told on the line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.passbooks import award_lines
from tests.services.test_scans import passbook
from tests.signed_in import csrf_token, sign_in
from tests.town import Town
from volunteer.store import models as m

LIST = "/admin/opening-balances"


def client(town: Town, login_phone: str) -> FlaskClient:
    made = town.app.test_client()
    sign_in(made, login_phone)
    return made


@pytest.fixture
def organizer(town: Town) -> FlaskClient:
    town.login("+8613900000001", roles=("organizer",), name="小刘")
    return client(town, "+8613900000001")


@pytest.fixture
def admin(town: Town) -> FlaskClient:
    town.login("+8613900000002", roles=("community_admin",), name="林主任")
    return client(town, "+8613900000002")


def ref_of(town: Town, resident_id: int) -> str:
    return town.write(lambda tx: str(tx.get(m.Resident, resident_id).ref))  # type: ignore[union-attr]


NOTHING: Mapping[str, object] = MappingProxyType({})


def send(browser: FlaskClient, path: str, data: Mapping[str, object] = NOTHING) -> TestResponse:
    sent = {"csrf_token": csrf_token(browser)} | dict(data)
    return browser.post(path, data=sent, follow_redirects=True)


def write_down(browser: FlaskClient, ref: str, **answers: str) -> str:
    sent = {"points": "1,200", "hours": "12:30", "note": "红皮存折第12页"} | answers
    return send(browser, f"/admin/people/{ref}/old-passbook", sent).get_data(as_text=True)


def ids_on(page: str) -> list[str]:
    return re.findall(r'name="who" value="(\d+)"', page)


def test_from_the_persons_page_to_the_line_that_explains_itself(
    town: Town, organizer: FlaskClient, admin: FlaskClient
) -> None:
    who = town.resident("陈秀英")
    town.login("+8613900000003", acts_for={who: "self"})
    ref = ref_of(town, who)
    page = write_down(organizer, ref)
    assert "已登记。另一个人复核后记入存折。" in page
    assert "待复核" in page
    waiting = organizer.get(LIST).get_data(as_text=True)
    assert "1,200" in waiting
    assert ids_on(waiting) == [], "who wrote it down has nothing to tick"
    assert send(organizer, LIST, {"one": "1"}).status_code == 403
    found = ids_on(admin.get(LIST).get_data(as_text=True))
    page = send(admin, LIST, {"one": found[0]}).get_data(as_text=True)
    assert "已结转 1 本旧折：1,200 分，12 小时 30 分钟。" in page
    assert passbook(town, who) == (1200, 750, 1)
    resident = client(town, "+8613900000003")
    book = resident.get("/passbook").get_data(as_text=True)
    assert "旧折结转" in book
    assert "红皮存折第12页" in book
    line = resident.get(f"/passbook/{ref}/1").get_data(as_text=True)
    for words in ("旧折", "红皮存折第12页", "登记人", "小*", "复核人", "林*", "不计入光荣榜"):
        assert words in line, words
    assert "第几笔</dt><dd>1</dd>" in admin.get(f"/admin/people/{ref}").get_data(as_text=True)


def test_what_was_typed_wrong_stands_beside_its_field(town: Town, organizer: FlaskClient) -> None:
    ref = ref_of(town, town.resident())
    page = send(organizer, f"/admin/people/{ref}/old-passbook", {"points": "12.5"})
    assert page.status_code == 422
    said = page.get_data(as_text=True)
    assert "积分是不超过 100000 的整数" in said
    assert 'aria-describedby="points-error"' in said
    page = send(organizer, f"/admin/people/{ref}/old-passbook", {"points": "0"})
    assert "没有可结转的数" in page.get_data(as_text=True)


def test_a_book_with_lines_says_which_line_it_becomes(
    town: Town, organizer: FlaskClient, admin: FlaskClient
) -> None:
    who = town.resident()
    award_lines(town, who, 2)
    ref = ref_of(town, who)
    form = organizer.get(f"/admin/people/{ref}/old-passbook").get_data(as_text=True)
    assert "这本存折已有 2 笔明细，旧折结转会记为第 3 笔，不是第 1 笔" in form
    write_down(organizer, ref)
    assert "将记为第 3 笔" in admin.get(LIST).get_data(as_text=True)


def test_sent_back_with_a_reason_and_written_down_again(
    town: Town, organizer: FlaskClient, admin: FlaskClient
) -> None:
    ref = ref_of(town, town.resident())
    write_down(organizer, ref)
    found = ids_on(admin.get(LIST).get_data(as_text=True))
    asked = send(admin, LIST, {"who": found, "outcome": "ask"})
    assert "这几笔暂不结转" in asked.get_data(as_text=True)
    empty = send(admin, LIST, {"who": found, "outcome": "sent_back", "reason": ""})
    assert empty.status_code == 422
    assert "请写明退回的原因。" in empty.get_data(as_text=True)
    sent = {"who": found, "outcome": "sent_back", "reason": "第12页是210分"}
    assert "已退回" in send(admin, LIST, sent).get_data(as_text=True)
    again = organizer.get(f"/admin/people/{ref}/old-passbook").get_data(as_text=True)
    assert "第12页是210分" in again
    assert 'value="1200"' in again
    assert 'value="12:30"' in again
    assert "第12页是210分" in organizer.get(f"{LIST}?show=sent_back").get_data(as_text=True)
    write_down(organizer, ref, points="210")
    assert "210" in admin.get(LIST).get_data(as_text=True)


def test_everything_at_once_but_what_i_wrote_down_myself(
    town: Town, organizer: FlaskClient, admin: FlaskClient
) -> None:
    batch = town.import_batch()
    people = [town.resident(f"居民{number}") for number in range(7)]
    for place, one in enumerate(people):
        town.opening_balance(one, points=10 + place, import_batch_id=batch, import_row_number=place)
    own = town.resident("林家")
    write_down(admin, ref_of(town, own))
    page = admin.get(f"{LIST}/all").get_data(as_text=True)
    assert "居民.xlsx" in page
    assert "其中 1 笔是您自己登记的" in page
    through = re.search(r'name="through" value="(\d+)"', page)
    assert through
    town.opening_balance(town.resident("后来的"))
    done = send(admin, f"{LIST}/all", {"through": through[1]})
    said = done.get_data(as_text=True)
    assert "已结转 7 本旧折：91 分" in said
    assert "有 1 笔没有结转。" in said
    assert "后来的" in said, "nobody had seen it"
    assert [passbook(town, one)[0] for one in people] == [10 + place for place in range(7)]


def test_one_admin_alone_reads_who_is_missing(town: Town, admin: FlaskClient) -> None:
    ref = ref_of(town, town.resident())
    assert "还缺一位可以复核的人" in admin.get(f"/admin/people/{ref}/old-passbook").get_data(
        as_text=True
    )
    write_down(admin, ref)
    page = admin.get(LIST).get_data(as_text=True)
    assert "现在这里只有林主任可以复核" in page
    assert "/admin/roles/new" in page
    town.login(roles=("community_admin",), name="赵副主任")
    assert "还缺一位可以复核的人" not in admin.get(LIST).get_data(as_text=True)
    taken = send(admin, f"{LIST}/1/withdraw").get_data(as_text=True)
    assert "已从名单取下" in taken
    assert "没有等待复核的旧折" in taken
