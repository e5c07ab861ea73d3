"""/me/data: one's own spreadsheet, complete, formula-safe, without codes and without strangers."""

from __future__ import annotations

import io
from datetime import date

from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import insert, select

from tests.scanning import as_device, record, scan_row
from tests.signed_in import post, sign_in
from tests.statements import statements
from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.domain.consents import Consent
from volunteer.services.consents import Answer, record_consent
from volunteer.store import models as m

MOTHER = "13800138005"
EVIL = "=HYPERLINK(1)"


def test_all_of_it_and_nothing_of_others(app: Flask, town: Town) -> None:
    building, group = town.building("12栋"), town.youth_group("小小巡逻兵")
    own = town.resident("王芳", name_en=EVIL, building_id=building)
    child = town.resident("王小明", birth_date=date(2016, 1, 1), youth_group_id=group)
    helped, stranger = town.resident("陈秀英"), town.resident("陌生人")
    numbers = {one: town.card(one) for one in (own, child, helped, stranger)}
    login = town.login(
        f"+86{MOTHER}",
        name="王芳",
        acts_for={own: "self", child: "guardian", helped: "helper"},
    )
    answer = Answer(Consent.GUARDIAN, True, "+王芳")
    who = {"by": login, "now": FRIDAY, "scope": Scope.of(town.community_id)}
    record_consent(child, answer, **who)  # type: ignore[arg-type]
    event = town.event(town.activity("@环境品质提升日"))
    device = as_device(town.device())
    for one in numbers:
        record(town, device, scan_row(event, numbers[one][1]))

    for one, phone in ((own, "+862034567890"), (stranger, "+862098765432")):
        row = {"community_id": town.community_id, "resident_id": one, "phone": phone}
        noted = insert(m.ContactPhone).values(row | {"noted_at": FRIDAY})
        town.write(lambda tx, noted=noted: tx.execute(noted))  # type: ignore[misc]

    client = app.test_client()
    sign_in(client, MOTHER)
    page = client.get("/me/data").get_data(as_text=True)
    assert "王小明" in page
    assert "陈秀英" not in page, "a helper takes nobody's data away"
    with statements() as seen:
        response = post(client, "/me/data.xlsx")
    assert response.status_code == 200
    assert len(seen) <= 24  # two pages: the form's, and the file's
    assert response.headers["Content-Disposition"].startswith("attachment; filename=")
    book = load_workbook(io.BytesIO(response.data))
    sheets = {sheet.title: [list(row) for row in sheet.values] for sheet in book}
    assert list(sheets) == [
        "个人信息", "住址", "小队与编号", "存折卡", "同意书", "谁替谁办", "已登录的设备",
        "参与记录", "扫码", "存折明细", "改动记录",
    ]  # fmt: skip
    everything = str(sheets)
    for text in ("王芳", "王小明", "12栋", "小小巡逻兵", numbers[own][1], "扫卡", "138****8005"):
        assert text in everything, text
    assert ["王芳", "手机号", "'+862034567890"] in sheets["小队与编号"]
    assert "98765432" not in everything
    assert "陌生人" not in everything
    assert numbers[helped][1] not in everything
    for _, _, code in numbers.values():
        assert code not in everything
    people = sheets["个人信息"]
    assert [row[0] for row in people[1:]] == ["王芳", "王小明"]
    assert [row[7] for row in people[1:]] == [10, 10], "points stay numbers"
    lines = sheets["存折明细"]
    assert [(row[0], row[1], row[5]) for row in lines[1:]] == [("王芳", 1, 10), ("王小明", 1, 10)]
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert not str(cell.value or "").startswith(("=", "+", "@"))
    assert any("下载" in str(row) for row in sheets["改动记录"]), "that it was taken is told too"
    assert town.write(
        lambda tx: tx.scalars(
            select(m.AuditEvent.id).where(m.AuditEvent.action == "data_exported")
        ).all()
    )


def test_a_link_alone_downloads_nothing(app: Flask, town: Town) -> None:
    town.login(f"+86{MOTHER}", acts_for={town.resident("王芳"): "self"})
    client = app.test_client()
    sign_in(client, MOTHER)
    assert client.get("/me/data.xlsx").status_code == 405
    assert client.post("/me/data.xlsx").status_code == 403
