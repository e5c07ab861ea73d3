"""/me/household and the staff's page of what was signed on paper."""

from __future__ import annotations

import re

from flask import Flask
from sqlalchemy import select

from tests.signed_in import post, sign_in
from tests.town import Town
from volunteer.store import models as m

HER, HIS, STAFF = "13800138005", "13800138006", "13800138007"


def test_a_household_from_the_first_word_to_leaving(app: Flask, town: Town) -> None:
    mother, father = town.resident("王芳"), town.resident("李大力")
    child = town.resident("李小明", age_band="under_14")
    town.login(f"+86{HER}", name="王芳", acts_for={mother: "self", child: "guardian"})
    town.login(f"+86{HIS}", name="李大力", acts_for={father: "self"})
    town.login(f"+86{STAFF}", roles=("organizer",))
    her, his, staff = (app.test_client() for _ in range(3))
    for client, phone in ((her, HER), (his, HIS), (staff, STAFF)):
        sign_in(client, phone)

    def page(client, path="/me/household"):  # type: ignore[no-untyped-def]
        response = client.get(path)
        assert response.status_code == 200
        return response.get_data(as_text=True)

    def of(resident_id: int) -> tuple[str, str]:
        wanted = select(m.Resident.ref, m.Resident.passbook_number)
        found = wanted.where(m.Resident.id == resident_id)
        row = town.write(lambda tx: tx.execute(found).one())
        return row.ref, row.passbook_number

    assert "还没有家庭" in page(her)
    assert 'value="王家"' in page(her), "a name to begin with"
    assert post(her, "/me/household/found", {"name": "王芳家"}).status_code == 303
    post(her, "/me/household/bring", {"person": of(child)[0]})
    post(her, "/me/household/ask", {"number": of(father)[1]})
    shown = page(her)
    assert "李小明" in shown
    assert "还有 1 人没有答复" in shown
    assert "李大力" not in shown, "a number does not tell a name"
    asked = page(his)
    assert "邀请李大力加入「王芳家」家庭" in asked
    path = re.search(r"/me/household/\d+/answer", asked)
    assert path
    assert post(his, path[0], {"agrees": "yes"}).status_code == 303
    assert "李大力" in page(her)
    assert "王芳" in page(staff, f"/admin/people/{of(father)[0]}")
    assert "监护人已同意" in page(staff, f"/admin/people/{of(father)[0]}/household")
    leave = re.findall(r"/me/household/\d+/leave", page(his))
    assert len(leave) == 1, "each takes out only whom they speak for"
    post(his, leave[0])
    assert "李大力" not in page(her)
    # Staff write down what he signed on paper after all.
    paper = f"/admin/people/{of(father)[0]}/household"
    assert post(staff, paper, {"with_number": "12345678"}).status_code == 422
    assert post(staff, paper, {"with_number": of(mother)[1]}).status_code == 303
    assert "已在纸上同意" in page(his)
    assert post(staff, f"{paper}/end").status_code == 303
    assert post(staff, f"{paper}/end").status_code == 404


def test_what_is_refused_is_said_on_the_page(app: Flask, town: Town) -> None:
    town.login(f"+86{HER}", acts_for={town.resident("王芳"): "self"})
    client = app.test_client()
    sign_in(client, HER)
    post(client, "/me/household/ask", {"number": "123"})
    assert "号码" in client.get("/me/household").get_data(as_text=True)
    post(client, "/me/household/found", {"name": ""})
    assert "请填写" in client.get("/me/household").get_data(as_text=True)
    assert post(client, "/me/household/bring", {"person": "nobody"}).status_code == 404
    assert post(client, "/me/household/999/leave").status_code == 404
