"""Cards: to the resident, who acts for them and staff who may replace them, and to nobody else."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
import zxingcpp
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from tests.documents.rendered import words_of
from tests.signed_in import post, sign_in
from tests.town import FRIDAY, Town
from volunteer.domain.activation import format_activation_code, strip_code
from volunteer.store import models as m

SELF, GUARDIAN, HELPER = "13800000004", "13800000005", "13800000014"
ORGANIZER, COUNTER, AUDITOR = "13800000001", "13800000002", "13800000006"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("volunteer.clock.now", lambda: FRIDAY)


class Chen:
    """A resident with a card, and everybody around her."""

    def __init__(self, town: Town) -> None:
        self.building_id = town.building("12栋")
        self.id = town.resident("陈秀英", building_id=self.building_id, age_band="14_17")
        _, self.number, self.code = town.card(self.id)
        self.ref = town.write(lambda tx: tx.get_one(m.Resident, self.id).ref)
        town._add(
            m.ActivationCode,
            community_id=town.community_id,
            resident_id=self.id,
            purpose="card_strip",
            code_hash=bytes(32),
            created_at=FRIDAY,
            expires_at=FRIDAY + timedelta(days=90),
        )
        for phone, relation in ((SELF, "self"), (GUARDIAN, "guardian"), (HELPER, "helper")):
            town.login(f"+86{phone}", acts_for={self.id: relation})
        for phone, role in (
            (ORGANIZER, "organizer"),
            (COUNTER, "counter_staff"),
            (AUDITOR, "auditor"),
        ):
            town.login(f"+86{phone}", roles=(role,))


@pytest.fixture
def chen(town: Town) -> Chen:
    return Chen(town)


def client_of(town: Town, phone: str) -> FlaskClient:
    client = town.app.test_client()
    sign_in(client, phone)
    return client


@pytest.mark.parametrize("phone", [SELF, GUARDIAN, HELPER, ORGANIZER, COUNTER])
def test_the_picture_s_code_is_the_card_s(town: Town, chen: Chen, phone: str) -> None:
    answer = client_of(town, phone).get(f"/cards/{chen.ref}/front.png")
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert answer.headers["Cache-Control"] == "no-store"
    read = zxingcpp.read_barcodes(Image.open(io.BytesIO(answer.data)))[0].text
    assert read == f"https://love.example.cn/c/{chen.code}"


def test_a_card_has_a_back_and_an_svg(town: Town, chen: Chen) -> None:
    client = client_of(town, SELF)
    svg = client.get(f"/cards/{chen.ref}/front.svg")
    assert (svg.status_code, svg.mimetype) == (200, "image/svg+xml")
    assert client.get(f"/cards/{chen.ref}/back.png").status_code == 200
    pdf = client.get(f"/cards/{chen.ref}/card.pdf")
    assert pdf.data[:5] == b"%PDF-"


def test_others_do_not_see_a_code_that_checks_in(town: Town, chen: Chen) -> None:
    client = client_of(town, AUDITOR)
    for path in ("front.png", "front.svg", "back.png", "card.pdf"):
        assert client.get(f"/cards/{chen.ref}/{path}").status_code == 404
    assert post(client, f"/cards/{chen.ref}/print", {"strips": "1"}).status_code == 403


def test_strangers_and_other_communities(town: Town, chen: Chen) -> None:
    path = f"/cards/{chen.ref}/front.png"
    assert "/sign-in" in town.app.test_client().get(path).location
    foreign = town.login("+8613800000015")
    town.grant(foreign, "organizer", town.community("景华社区"))
    client = client_of(town, "13800000015")
    assert client.get(path).status_code == 404
    assert post(client, f"/cards/{chen.ref}/print", {"strips": "1"}).status_code == 404
    assert client.get("/cards/nobody/front.png").status_code == 404


def test_each_strip_ends_the_one_before_and_a_card_at_home_has_none(town: Town, chen: Chen) -> None:
    staff, key = client_of(town, COUNTER), town.keys.activation_code

    def strip(number: int) -> str:
        return format_activation_code(strip_code(key, chen.number, number))

    plain = post(staff, f"/cards/{chen.ref}/print", {"strips": "0"})
    assert (plain.mimetype, plain.data[:5]) == ("application/pdf", b"%PDF-")
    assert strip(0) not in words_of(plain.data)
    for printing in (1, 2):
        sheet = post(staff, f"/cards/{chen.ref}/print", {"strips": "1"})
        words = words_of(sheet.data)
        assert strip(printing) in words
        assert "2027-02-18" in words
    codes = select(m.ActivationCode.printing, m.ActivationCode.expires_at).order_by(
        m.ActivationCode.id
    )
    found = town.write(lambda tx: [(row.printing, row.expires_at) for row in tx.run(codes)])
    ends = FRIDAY + timedelta(days=90)
    assert found == [(0, FRIDAY), (1, FRIDAY), (2, ends)]
    noted = select(m.AuditEvent.login_id).where(m.AuditEvent.action == "strip_printed")
    assert len(town.write(lambda tx: tx.run(noted).all())) == 2
    own = client_of(town, SELF).get(f"/cards/{chen.ref}/card.pdf")
    assert own.data[:5] == b"%PDF-"
    assert strip(2) not in words_of(own.data)


def test_the_picture_to_save_stands_in_a_page(town: Town, chen: Chen) -> None:
    page = client_of(town, SELF).get(f"/me/card/{chen.ref}/picture").text
    assert f'src="/cards/{chen.ref}/front.png"' in page
    assert client_of(town, HELPER).get(f"/me/card/{chen.ref}/picture").status_code == 404
    assert client_of(town, COUNTER).get(f"/me/card/{chen.ref}/picture").status_code == 404
