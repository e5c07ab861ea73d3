"""A community worker brings the list there is: a spreadsheet that LibreOffice saved, and a CSV file
as Excel on a Chinese Windows writes it. Real Chromium, real files, real background work."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook
from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.e2e.conftest import Live, OpenPage
from tests.e2e.people import sign_in
from volunteer import clock
from volunteer.jobs.registry import tasks_of
from volunteer.jobs.tasks import TaskWorker
from volunteer.store import models as m

ADMIN = "+8613900000001"
IMPORT = "/admin/people/import"


@pytest.fixture(scope="session")
def soffice() -> str:
    """LibreOffice: SOFFICE, else the one on the system."""
    found = shutil.which(os.environ.get("SOFFICE", "") or "soffice")
    if found is None:
        pytest.skip("NO LIBREOFFICE ON THIS MACHINE: the import of its sheet did not run")
    return found


def saved_by_libreoffice(soffice: str, folder: Path) -> Path:
    """Messy data, opened and saved by LibreOffice: a title over merged cells, headings over two
    rows, numbers and real dates beside text, a formula, empty rows, identity card numbers."""
    book = Workbook()
    sheet = book.active
    born, idle = date(1956, 3, 1), None
    rows: list[list[object]] = [
        ["梅富社区居民登记表"],
        [idle],
        ["序号", "姓名", "联系方式", idle, "住址", idle, "生日", "身份证号", "旧积分", "旧时长"],
        [idle, idle, "手机", "邮箱", "楼栋", "房号"],
        [1, "陈秀英", 13800138000, idle, "十二栋", 402, born, "440304195603011234", 120, "12:30"],
        [2, "买买提·阿凡提", "138 0013 8001", idle, "梅富村12号", "301", "1960年1月1日"],
        [idle],
        ["=1+2", "周丽", idle, "x@y.cn", "幸福里9栋", "101", "1988-12-24", idle, 0, 0],
        [4, "李伟", idle, idle, "3栋", 7, "1990/5/6", "44030419900506123X", idle, 2.5],
        [5, "喆堃䶮", "12345", idle, "3栋", 8, "1990/5/6"],
    ]
    for cells in rows:
        sheet.append(cells)
    for cells in ("A1:J1", "A3:A4", "B3:B4", "C3:D3", "E3:F3", "G3:G4", "H3:H4", "I3:I4", "J3:J4"):
        sheet.merge_cells(cells)
    raw = folder / "名单.xlsx"
    book.save(raw)
    out = folder / "saved"
    subprocess.run(
        [
            soffice, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless",
            "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(out), str(raw),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )  # fmt: skip
    return out / raw.name


def upload(page: Page, live: Live, file: Path) -> None:
    page.goto(live.path(IMPORT))
    page.set_input_files("#sheet", file)
    page.click("main form.form button.btn-primary")
    expect(page.locator("h1")).to_have_text("每一列是什么？")


def write_down(page: Page, live: Live) -> None:
    page.get_by_role("button", name=re.compile(r"^写入 \d")).click()
    expect(page.locator("progress")).to_be_visible()
    TaskWorker(tasks_of(live.town.keys), "one", clock.now, lambda: True).work_off()
    # The page looks again by itself.
    page.click("text=查看每一行的结果")


def column(page: Page, heading: str) -> str:
    """What the column under this heading is taken for."""
    return page.get_by_label(f"这一列是：{heading}").input_value()


@pytest.mark.timeout(200)
def test_a_sheet_saved_by_libreoffice_becomes_people(
    live: Live, desk: OpenPage, soffice: str, tmp_path: Path
) -> None:
    town = live.town
    town.building("12栋")
    known = town.resident("李伟", building_id=town.building("3栋"), birth_date=date(1990, 5, 6))
    town.login(ADMIN, roles=("community_admin",))
    page = desk()
    sign_in(page, live, ADMIN, "/admin/people")
    page.click("text=从表格导入")
    upload(page, live, saved_by_libreoffice(soffice, tmp_path))
    expect(page.locator("main")).to_contain_text("保存之前已去掉：身份证号")
    guessed = {one: column(page, one) for one in ("姓名", "手机", "楼栋", "房号", "旧积分")}
    assert guessed == {
        "姓名": "name", "手机": "phone", "楼栋": "building", "房号": "room", "旧积分": "old_points",
    }  # fmt: skip
    page.click("text=先试一遍")
    expect(page.locator("main")).to_contain_text("不认识的楼栋（1）")
    page.get_by_label("指的是哪一栋：幸福里9栋").select_option(label="梅富村 3栋")
    page.click("text=保存并重新试一遍")
    expect(page.locator("main")).to_contain_text("待您判断（1）")
    page.check(f"input[value='this:{known}']")
    page.click("text=保存这些选择")
    page.click("text=有问题（1）")
    expect(page.locator("main")).to_contain_text("第 10 行")
    expect(page.locator("main")).to_contain_text("喆堃䶮")
    write_down(page, live)
    expect(page.locator("main")).to_contain_text("已导入")
    expect(page.locator("main")).to_contain_text(re.compile("新增\\s*3"))
    people = select(
        m.Resident.name, m.Resident.birth_date, m.Building.name.label("building"), m.Residence.room
    ).select_from(m.Resident)
    people = people.join(m.Residence, m.Residence.resident_id == m.Resident.id)
    people = people.join(m.Building, m.Building.id == m.Residence.building_id)
    found = town.write(lambda tx: {tuple(row) for row in tx.execute(people)})
    assert found == {
        ("陈秀英", date(1956, 3, 1), "12栋", "402"),
        ("买买提·阿凡提", date(1960, 1, 1), "12栋", "301"),
        ("周丽", date(1988, 12, 24), "3栋", "101"),
        ("李伟", date(1990, 5, 6), "3栋", "7"),
    }
    proposed = select(m.OpeningBalance.points, m.OpeningBalance.minutes)
    openings = town.write(lambda tx: {tuple(row) for row in tx.execute(proposed)})
    assert openings == {(120, 750), (0, 150)}
    page.goto(live.path("/admin/people?q=chenxiuying"))
    expect(page.locator("main")).to_contain_text("陈秀英")


def test_a_csv_file_of_a_chinese_windows_on_a_phone(
    live: Live, phone: OpenPage, tmp_path: Path
) -> None:
    live.town.building("3栋")
    live.town.login(ADMIN, roles=("organizer",))
    file = tmp_path / "名单.csv"
    file.write_bytes("姓名,手机,地址,年龄\r\n陈秀英,13800138000,三栋402,70\r\n".encode("gbk"))
    page = phone()
    sign_in(page, live, ADMIN, IMPORT)
    upload(page, live, file)
    page.click("text=先试一遍")
    expect(page.locator("main")).to_contain_text("梅富村 3栋 402")
    write_down(page, live)
    expect(page.locator("main")).to_contain_text("已导入")
    page.click("text=撤回这次导入")
    page.click("main form button.btn-danger")
    TaskWorker(tasks_of(live.town.keys), "one", clock.now, lambda: True).work_off()
    page.click("text=查看每一行的结果")
    expect(page.locator("main")).to_contain_text("已撤回")


def test_a_file_too_large_is_said_before_it_is_sent(
    live: Live, desk: OpenPage, tmp_path: Path
) -> None:
    live.town.login(ADMIN, roles=("organizer",))
    file = tmp_path / "名单.xlsx"
    file.write_bytes(b"\0" * 9_000_000)
    page = desk()
    sign_in(page, live, ADMIN, IMPORT)
    page.set_input_files("#sheet", file)
    expect(page.locator("#sheet-error")).to_contain_text("8 MB")
    assert page.evaluate("document.querySelector('#sheet').files.length") == 0
