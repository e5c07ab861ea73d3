"""The pages of an import, from the upload to its undo, and files that are refused."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.signed_in import csrf_token, post, sign_in
from tests.town import Town
from volunteer import clock
from volunteer.jobs.registry import tasks_of
from volunteer.jobs.tasks import TaskWorker
from volunteer.store import models as m
from volunteer.store.database import db

ADMIN = "+8613900000001"
IMPORT = "/admin/people/import"
TITLE = ("梅富社区居民登记表",)
HEADER = ("序号", "姓名", "手机号码", "楼栋", "房号", "年龄", "身份证号", "备注")


def row(name: str, phone: str = "", place: str = "", room: str = "", age: str = "35") -> list[str]:
    return ["1", name, phone, place, room, age, "440304195603011234", ""]


@pytest.fixture
def client(town: Town) -> FlaskClient:
    town.login(ADMIN, roles=("community_admin",))
    client = town.app.test_client()
    sign_in(client, ADMIN)
    return client


def xlsx(*rows: Sequence[Any]) -> bytes:
    book = Workbook()
    for cells in rows:
        book.active.append(list(cells))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def upload(client: FlaskClient, file: bytes, name: str = "名单.xlsx") -> TestResponse:
    data = {"csrf_token": csrf_token(client), "sheet": (io.BytesIO(file), name)}
    return client.post(IMPORT, data=data, content_type="multipart/form-data")


def uploaded(client: FlaskClient, *rows: Sequence[Any], name: str = "名单.xlsx") -> str:
    """The address of the sheet's page."""
    response = upload(client, xlsx(TITLE, HEADER, *rows), name)
    assert response.status_code == 303, words_of(response)
    return response.headers["Location"]


def checked(client: FlaskClient, *rows: Sequence[Any], **more: str) -> str:
    """The same, with the guessed columns agreed to."""
    batch = uploaded(client, *rows)
    page = client.get(f"{batch}/columns").get_data(as_text=True)
    assert post(client, f"{batch}/columns", chosen(page) | more).status_code == 303
    return batch


def chosen(page: str) -> dict[str, str]:
    """The columns as the page shows them chosen."""
    found = {}
    selects = re.findall(r'<select[^>]*name="(column-\d+)"[^>]*>(.*?)</select>', page, re.S)
    for name, inside in selects:
        selected = re.search(r'value="([^"]*)" selected', inside)
        found[name] = selected[1] if selected else ""
    return found


def words_of(response: TestResponse) -> str:
    page = response.get_data(as_text=True).partition("<main")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def look(client: FlaskClient, address: str) -> str:
    response = client.get(address, follow_redirects=True)
    assert response.status_code == 200
    return words_of(response)


def work_off(town: Town) -> None:
    TaskWorker(tasks_of(town.keys), "one", clock.now, lambda: True).work_off()


def applied(town: Town, client: FlaskClient, batch: str) -> str:
    """What the result's page says."""
    response = post(client, f"{batch}/apply")
    assert response.status_code == 303
    assert response.headers["Location"].startswith("/admin/tasks/"), response.headers
    work_off(town)
    return look(client, batch)


def count(model: type[m.Base], *where: Any) -> int:
    with db.engine.connect() as connection:
        found = select(func.count()).select_from(model.__table__).where(*where)
        return connection.execute(found).scalar_one()


# ---- The whole way -------------------------------------------------------------------------------


def test_a_messy_sheet_from_upload_to_undo(town: Town, client: FlaskClient) -> None:
    town.building("12栋")
    town.resident("李伟", building_id=town.building("3栋"))
    batch = uploaded(
        client,
        row("陈秀英", "13800138000", "十二栋", "402", "70"),
        row("王芳", "138001", "3栋", "5"),
        row("周丽", "", "幸福里9栋", "101"),
        row("李伟", "", "3栋", "7"),
        row("", "", "3栋", "7"),
        row("陈秀英", "13800138000", "12栋", "402", "70"),
    )
    columns = look(client, batch)
    assert "每一列是什么" in columns
    assert "保存之前已去掉：身份证号" in columns
    page = client.get(f"{batch}/columns").get_data(as_text=True)
    assert chosen(page) == {
        "column-0": "", "column-1": "name", "column-2": "phone", "column-3": "building",
        "column-4": "room", "column-5": "age", "column-7": "",
    }  # fmt: skip
    post(client, f"{batch}/columns", chosen(page))
    # First what nobody knows: a building.
    page = client.get(batch).get_data(as_text=True)
    assert "幸福里9栋" in page
    building = re.search(r'<option value="(b\d+)">梅富村 3栋', page)
    number = re.search(r'name="written-(\d+)" value="幸福里9栋"', page)
    assert building
    assert number
    post(
        client,
        f"{batch}/places",
        {f"written-{number[1]}": "幸福里9栋", f"place-{number[1]}": building[1]},
    )
    assert count(m.BuildingAlias, m.BuildingAlias.alias == "幸福里9栋") == 1
    # Then who is in doubt, side by side.
    doubt = client.get(batch).get_data(as_text=True)
    assert "同栋同名" in doubt
    assert "在册" in doubt
    offered = re.findall(r'name="(row-\d+)" value="(this:\d+|new|skip)"', doubt)
    assert [value.partition(":")[0] for _, value in offered] == ["this", "new", "skip"]
    name, this = offered[0]
    post(client, f"{batch}/choose", {name: this})
    errors = look(client, f"{batch}?tab=error")
    assert "第 4 行" in errors
    assert "手机：这不像电话号码" in errors or "手机" in errors
    assert "第 7 行" in errors
    assert "与第 3 行是同一人" in look(client, f"{batch}?tab=skip")
    changed = look(client, f"{batch}?tab=changed")
    assert "梅富村 3栋 7" in changed
    result = applied(town, client, batch)
    assert "已导入" in result
    assert count(m.Resident) == 3
    assert count(m.Residence, m.Residence.building_id.is_not(None)) == 3
    # And all of it back.
    assert "撤回 3 行" in look(client, f"{batch}/undo")
    post(client, f"{batch}/undo")
    work_off(town)
    assert "已于" in look(client, batch)
    # The word of the button that was pressed, in the list as on the page of the task.
    assert "已撤回" in look(client, IMPORT)
    assert count(m.Resident, m.Resident.state == "active") == 1
    assert count(m.ContactPhone) == 0
    assert "陈秀英" not in look(client, "/admin/people?q=陈秀英").partition("更多筛选")[2]


def test_the_headings_may_stand_in_another_row(client: FlaskClient) -> None:
    batch = uploaded(client, row("陈秀英"))
    assert "梅富社区居民登记表" in look(client, f"{batch}/header")
    assert post(client, f"{batch}/header", {"place": "0"}).status_code == 303
    page = client.get(f"{batch}/columns").get_data(as_text=True)
    assert chosen(page)["column-1"] == ""
    assert post(client, f"{batch}/header", {"place": "99"}).status_code == 422
    assert post(client, f"{batch}/header", {"place": "1"}).status_code == 303
    page = client.get(f"{batch}/columns").get_data(as_text=True)
    assert chosen(page)["column-1"] == "name"


def test_columns_are_remembered_by_their_headings(client: FlaskClient) -> None:
    batch = uploaded(client, row("陈秀英"))
    post(client, f"{batch}/columns", {"column-1": "name", "column-7": "volunteer_number"})
    again = uploaded(client, row("王芳"), name="another.xlsx")
    page = client.get(f"{again}/columns").get_data(as_text=True)
    assert chosen(page)["column-2"] == ""
    assert 'value="volunteer_number"' in page


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"column-2": "phone"}, "没有哪一列是姓名"),
        ({"column-1": "name", "column-2": "name"}, "有两列选成了同一种内容"),
    ],
)
def test_columns_that_make_no_sense_are_said(
    client: FlaskClient, columns: dict[str, str], words: str
) -> None:
    batch = uploaded(client, row("陈秀英"))
    response = post(client, f"{batch}/columns", columns)
    assert response.status_code == 422
    assert words in words_of(response)
    assert "每一列是什么" in look(client, batch)


def test_rows_without_an_age_are_errors_until_staff_say_one(client: FlaskClient) -> None:
    batch = checked(client, row("陈秀英", age=""))
    assert "请填写出生日期" in look(client, f"{batch}?tab=error")
    page = client.get(f"{batch}/columns").get_data(as_text=True)
    post(client, f"{batch}/columns", chosen(page) | {"default_age_band": "18_plus"})
    assert "陈秀英" in look(client, f"{batch}?tab=new")


def test_everybody_in_doubt_at_once(town: Town, client: FlaskClient) -> None:
    for name in ("李伟", "王芳"):
        town.resident(name)
    batch = checked(client, row("李伟", place="别处"), row("王芳", place="别处"))
    assert "待判断的 2 人都是新人" in look(client, f"{batch}?tab=ask")
    assert post(client, f"{batch}/choose", {"all": "skip"}).status_code == 303
    assert "您选了不导入" in look(client, f"{batch}?tab=skip")
    assert post(client, f"{batch}/choose", {"row-999999": "new"}).status_code == 404


def test_the_same_file_is_asked_about(town: Town, client: FlaskClient) -> None:
    file = "姓名,年龄\r\n陈秀英,70\r\n".encode()
    columns = {"column-0": "name", "column-1": "age"}
    batch = upload(client, file, "a.csv").headers["Location"]
    post(client, f"{batch}/columns", columns)
    applied(town, client, batch)
    batch = upload(client, file, "the-same.csv").headers["Location"]
    post(client, f"{batch}/columns", columns)
    page = look(client, batch)
    assert "这个文件以前导入过" in page
    assert "这个文件以前导入过" in words_of(
        client.get(post(client, f"{batch}/apply").headers["Location"])
    )
    assert count(m.Task) == 1
    assert post(client, f"{batch}/again").status_code == 303
    assert "照现在这样，这份表格不会带来任何改动" in look(client, batch)
    assert post(client, f"{batch}/apply").headers["Location"].startswith("/admin/tasks/")
    assert count(m.Task) == 2


def test_a_sheet_is_forgotten_with_everything_in_it(client: FlaskClient) -> None:
    batch = checked(client, row("陈秀英"))
    assert post(client, f"{batch}/discard").status_code == 303
    assert count(m.ImportBatch) == count(m.ImportRow) == 0
    assert client.get(batch).status_code == 404


def test_a_sheet_that_did_not_arrive_whole_says_so(town: Town, client: FlaskClient) -> None:
    batch = uploaded(client, row("陈秀英"))

    def halfway(tx: Any) -> None:
        tx.execute(m.ImportBatch.__table__.update().values(state="uploading"))

    town.write(halfway)
    assert "没有收全" in look(client, batch)
    assert post(client, f"{batch}/discard").status_code == 303


def test_who_stands_in_the_way_of_an_undo_is_named(town: Town, client: FlaskClient) -> None:
    batch = checked(client, row("陈秀英"), row("王芳"))
    applied(town, client, batch)
    chen = select(m.Resident.id).where(m.Resident.name == "陈秀英")
    town.consent(town.write(lambda tx: tx.execute(chen).scalar_one()), "keep_record")
    page = look(client, f"{batch}/undo")
    assert "陈秀英 新记录 有其他记录" in page or "陈秀英 有其他记录" in page
    assert "王芳" not in page
    refused = client.get(post(client, f"{batch}/undo").headers["Location"])
    assert "其中 1 人之后有了新记录（陈秀英）" in words_of(refused)
    assert count(m.Resident, m.Resident.state == "active") == 2


def test_a_phone_of_a_list_finds_its_person(town: Town, client: FlaskClient) -> None:
    applied(town, client, checked(client, row("陈秀英", "13800138000"), row("王芳")))
    for typed in ("8000", "138 0013 8000"):
        found = look(client, f"/admin/people?q={typed}")
        assert "138****8000" in found
        assert "王芳" not in found
    assert "陈秀英" not in look(client, "/admin/people?show=no_phone")
    with db.engine.connect() as connection:
        ref = connection.execute(
            select(m.Resident.ref).where(m.Resident.name == "陈秀英")
        ).scalar_one()
    assert "名单上的手机 138****8000" in look(client, f"/admin/people/{ref}")


def test_children_without_consent_are_counted_after_an_import(
    town: Town, client: FlaskClient
) -> None:
    batch = checked(client, row("陈小明", age="9"), row("王芳"))
    assert "有 1 个孩子还没有监护人同意" in applied(town, client, batch)


def test_an_organizer_imports_but_edits_no_buildings(town: Town) -> None:
    town.login("+8613900000002", roles=("organizer",))
    client = town.app.test_client()
    sign_in(client, "+8613900000002")
    batch = checked(client, row("陈秀英", place="幸福里9栋"))
    assert "楼栋由社区管理员登记" in look(client, batch)
    assert post(client, f"{batch}/places").status_code == 403


# ---- Files ---------------------------------------------------------------------------------------


def zipped(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, inside in parts.items():
            archive.writestr(name.replace("__", "/"), inside)
    return out.getvalue()


@pytest.mark.parametrize(
    ("file", "name", "chinese", "english"),
    [
        (b"%PDF-1.7\0\xe2", "a.pdf", "这不是能读取的表格", "not a spreadsheet"),
        (b"\xd0\xcf\x11\xe0 old", "a.xls", ".xls", "old .xls file"),
        (
            b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "a.xlsx", "密码",
            "protected by a password",
        ),
        (
            zipped(**{"xl__vbaProject.bin": b"x", "xl__workbook.xml": b""}), "a.xlsm", "宏",
            "macros",
        ),
        (b"", "a.csv", "没有内容", "nothing in this sheet"),
    ],
)  # fmt: skip
def test_a_file_that_is_refused_is_refused_on_its_page_in_both_languages(
    client: FlaskClient, file: bytes, name: str, chinese: str, english: str
) -> None:
    response = upload(client, file, name)
    assert response.status_code == 422
    assert chinese in words_of(response)
    assert "表格文件" in words_of(response)
    client.set_cookie("language", "en")
    assert english in words_of(upload(client, file, name))
    assert count(m.ImportBatch) == 0


def test_no_file_and_a_file_of_a_hundred_megabytes(client: FlaskClient) -> None:
    response = post(client, IMPORT)
    assert response.status_code == 422
    assert "没有收到文件" in words_of(response)
    kind = "multipart/form-data; boundary=x"
    back = client.post(IMPORT, data=b"\0" * 9_000_000, content_type=kind)
    assert back.status_code == 303
    assert "8 MB" in words_of(client.get(back.headers["Location"]))
    assert count(m.ImportBatch) == 0


def test_csv_files_of_every_encoding(client: FlaskClient) -> None:
    text = "姓名,手机,年龄\r\n陈秀英,13800138000,70\r\n"
    for encoding in ("utf-8", "utf-8-sig", "gbk", "gb18030"):
        response = upload(client, text.encode(encoding), f"{encoding}.csv")
        page = client.get(f"{response.headers['Location']}/columns").get_data(as_text=True)
        assert chosen(page) == {"column-0": "name", "column-1": "phone", "column-2": "age"}
        assert "陈秀英" in page


def test_the_template_is_understood_as_it_stands(client: FlaskClient) -> None:
    for language in ("zh", "en"):
        response = client.get(f"{IMPORT}/template-{language}.xlsx")
        assert response.status_code == 200
        book = load_workbook(io.BytesIO(response.data))
        assert len(book.worksheets) == 2
        header = [cell.value for cell in book.worksheets[0][1]]
        batch = upload(client, xlsx(header, ["陈秀英"])).headers["Location"]
        page = client.get(f"{batch}/columns").get_data(as_text=True)
        assert list(chosen(page).values()) == [
            "name", "name_en", "phone", "building", "room", "birth_date", "age",
            "volunteer_number", "passbook_number", "old_points", "old_hours",
        ]  # fmt: skip
    assert client.get(f"{IMPORT}/template-fr.xlsx").status_code == 404


def test_an_export_imported_again_changes_nothing(town: Town, client: FlaskClient) -> None:
    building = town.building("12栋")
    town.resident("陈秀英", building_id=building, name_en="Chen Xiuying")
    town.resident("陈小明", age_band="under_14", state="provisional")
    town.resident("王芳", state="moved_away")
    applied(
        town,
        client,
        checked(
            client,
            row("周丽", "13800138000", "幸福里9栋", "402"),
            row("吴刚", "13800138000", "12栋", "-1"),
            row("何花", "", "12栋", "'5"),
            row("张三", "", "12栋", "=1+1"),
        ),
    )
    for language in ("zh_Hans_CN", "en"):
        client.set_cookie("language", language)
        response = post(client, f"{IMPORT}/everybody.xlsx")
        assert response.status_code == 200
        cells = [cell for line in load_workbook(io.BytesIO(response.data)).active for cell in line]
        assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n"}
        assert not [cell for cell in cells if str(cell.value or "").startswith(("=", "-", "+"))]
        batch = upload(client, response.data).headers["Location"]
        page = client.get(f"{batch}/columns").get_data(as_text=True)
        assert post(client, f"{batch}/columns", chosen(page)).status_code == 303
        with db.engine.connect() as connection:
            rows = connection.execute(
                select(m.ImportRow.fate, m.ImportRow.changes, m.ImportRow.cells)
                .where(m.ImportRow.fate.is_not(None), m.ImportRow.outcome.is_(None))
                .order_by(m.ImportRow.id.desc())
                .limit(6)
            ).all()
        assert [(one.fate, one.changes) for one in rows] == [("update", None)] * 6, rows
    with db.engine.connect() as connection:
        said = select(m.AuditEvent.facts).where(m.AuditEvent.action == "residents_exported")
        assert connection.execute(said).scalars().all() == [{"count": 6}, {"count": 6}]
