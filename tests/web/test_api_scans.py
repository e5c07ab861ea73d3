"""POST /api/v1/scans: the envelope, the rows, who may send them, and what it costs."""

from __future__ import annotations

import json
import re
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.signed_in import csrf_token, sign_in
from tests.statements import statements
from tests.town import FRIDAY, Town
from volunteer.documents.refusals import TABLE
from volunteer.domain.refusals import Code
from volunteer.domain.tokens import poster_code, rotating_code
from volunteer.store import models as m
from volunteer.store.database import Tx

TOKEN = "device-token"
PHONE = "13900000001"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("volunteer.clock.now", lambda: FRIDAY)


def row(event_id: int | None, code: str | None, **more: Any) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "event": event_id,
        "code": code,
        "direction": "in",
        "scanned_at": FRIDAY.isoformat(),
    } | more


def send(
    app: Flask, *rows: Any, token: str | None = TOKEN, sent_at: datetime = FRIDAY, **headers: str
) -> TestResponse:
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return app.test_client().post(
        "/api/v1/scans", json={"sent_at": sent_at.isoformat(), "scans": rows}, headers=headers
    )


def verdicts(response: TestResponse) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.json is not None
    return list(response.json["verdicts"])


def stored_scans(town: Town) -> int:
    return town.write(lambda tx: tx.execute(select(func.count()).select_from(m.Scan)).scalar_one())


def set_device(town: Town, **values: Any) -> None:
    def work(tx: Tx) -> None:
        device = tx.execute(select(m.Device)).scalar_one()
        for name, value in values.items():
            setattr(device, name, value)

    town.write(work)


# ---- A device with a card ------------------------------------------------------------------


def test_a_card_becomes_points(both_app: Flask, both_town: Town) -> None:
    resident_id = both_town.resident("陈秀英")
    both_town.consent(resident_id, "keep_record")
    _, number, code = both_town.card(resident_id)
    event_id = both_town.event(both_town.activity())
    both_town.device(TOKEN)

    [verdict] = verdicts(send(both_app, row(event_id, code)))

    assert verdict["verdict"] == "accepted"
    assert verdict["code"] == "ok_in"
    assert verdict["name"] == "陈*"
    assert verdict["facts"]["points"] == 10
    assert verdict["facts"]["balance_points"] == 10
    assert "陈秀英" not in json.dumps(verdict["facts"], ensure_ascii=False)
    # The typed number and the address are the same card: already here.
    for shape in (number, f"https://love.example.cn/c/{code}"):
        [again] = verdicts(send(both_app, row(event_id, shape)))
        assert (again["verdict"], again["code"]) == ("already", "already_in")


def test_a_card_costs_at_most_14_statements(both_app: Flask, both_town: Town) -> None:
    resident_id = both_town.resident(building_id=both_town.building("1栋"))
    _, _, code = both_town.card(resident_id)
    event_id = both_town.event(both_town.activity())
    both_town.device(TOKEN)
    with statements() as seen:
        [verdict] = verdicts(send(both_app, row(event_id, code)))
    assert verdict["verdict"] == "accepted"
    assert len(seen) <= 14, "\n\n".join(seen)


def test_the_same_id_gets_the_first_answer_for_ever(both_app: Flask, both_town: Town) -> None:
    app, town = both_app, both_town
    card_id, _, code = town.card(town.resident())
    event_id = town.event(town.activity())
    town.device(TOKEN)
    first = row(event_id, code)
    answer = send(app, first)
    assert verdicts(answer)[0]["verdict"] == "accepted"

    def revoke(tx: Tx) -> None:
        card = tx.get(m.Card, card_id)
        assert card is not None
        card.state, card.ended_at = "revoked", FRIDAY

    town.write(revoke)
    # Byte for byte: a device may compare what it was told.
    assert send(app, first).data == answer.data
    [other] = verdicts(send(app, first | {"direction": "out"}))
    assert other["code"] == "scan_id_reused"
    [fresh] = verdicts(send(app, row(event_id, code)))
    assert fresh["code"] == "card_revoked"
    assert stored_scans(town) == 2


def test_a_scanner_s_clock_is_corrected(app: Flask, town: Town) -> None:
    _, _, code = town.card(town.resident())
    event_id = town.event(town.activity())
    town.device(TOKEN)
    # The scanner is an hour behind and sends a scan five minutes after it was made.
    sent_at = FRIDAY - timedelta(hours=1)
    scanned_at = sent_at - timedelta(minutes=5)
    response = send(app, row(event_id, code, scanned_at=scanned_at.isoformat()), sent_at=sent_at)
    [verdict] = verdicts(response)
    checked_in_at = datetime.fromisoformat(verdict["facts"]["checked_in_at"])
    assert checked_in_at == FRIDAY - timedelta(minutes=5)


@pytest.mark.parametrize("sent_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_scanner_s_clock_that_is_centuries_off(app: Flask, town: Town, sent_at: str) -> None:
    _, _, code = town.card(town.resident())
    event_id = town.event(town.activity())
    town.device(TOKEN)
    response = app.test_client().post(
        "/api/v1/scans",
        json={"sent_at": sent_at, "scans": [row(event_id, code)]},
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    assert [one["code"] for one in verdicts(response)] == ["time_invalid"]


def test_rows_are_answered_in_their_places(app: Flask, town: Town) -> None:
    _, _, one = town.card(town.resident("甲"))
    second = town.resident("乙")
    town.consent(second, "keep_record")
    _, _, two = town.card(second)
    event_id = town.event(town.activity())
    town.device(TOKEN)
    rows = [
        row(event_id, two),
        "not a row",
        row(event_id, "<script>"),
        row(event_id, one, id="no-uuid"),
        row(event_id, one),
    ]
    found = verdicts(send(app, *rows))
    assert [one["code"] for one in found] == [
        "ok_in",
        "scan_id_invalid",
        "code_malformed",
        "scan_id_invalid",
        "ok_in",
    ]
    assert [one["name"] for one in found] == ["乙*", None, None, None, None]
    assert found[1]["id"] is None
    assert stored_scans(town) == 3, "rows without a valid id are not stored"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"direction": "sideways"}, "direction_invalid"),
        ({"direction": ["in"]}, "direction_invalid"),
        ({"direction": None}, "direction_invalid"),
        ({"scanned_at": "yesterday"}, "time_invalid"),
        ({"scanned_at": "2026-11-20T16:30:00"}, "time_invalid"),
        ({"scanned_at": None}, "time_invalid"),
        ({"scanned_at": "9999-12-31T23:59:59+00:00"}, "time_invalid"),
        ({"event": 10**30}, "event_unknown"),
        ({"event": True}, "event_unknown"),
        ({"event": "1"}, "event_unknown"),
        ({"code": None}, "code_malformed"),
        ({"code": 12345678}, "code_malformed"),
        ({"code": "'; DROP TABLE scan; --"}, "code_malformed"),
        ({"code": "K" * 100_000}, "code_malformed"),
        ({"code": "12345678"}, "number_invalid"),
        ({"code": "1234 5678 01"}, "number_invalid"),
        ({"code": "\ud800"}, "code_malformed"),
        ({"code": "https://evil.example/c/" + "A" * 20}, "code_foreign"),
        ({"direction": "undo", "undoes": "?"}, "undo_unknown"),
    ],
)
def test_a_bad_field_is_refused_and_kept(
    app: Flask, town: Town, wrong: dict[str, Any], code: str
) -> None:
    _, _, card = town.card(town.resident())
    event_id = town.event(town.activity())
    town.device(TOKEN)
    [verdict] = verdicts(send(app, row(event_id, card) | wrong))
    assert (verdict["verdict"], verdict["code"]) == ("refused", code)
    assert verdict["words"]
    assert stored_scans(town) == 1


def test_an_undo_takes_the_scan_back(app: Flask, town: Town) -> None:
    _, _, code = town.card(town.resident())
    event_id = town.event(town.activity())
    town.device(TOKEN)
    first = row(event_id, code)
    send(app, first)
    [undone] = verdicts(send(app, row(event_id, None, direction="undo", undoes=first["id"])))
    assert (undone["verdict"], undone["code"]) == ("accepted", "undone")
    assert undone["facts"]["balance_points"] == 0


def test_an_out_before_its_in_waits(app: Flask, town: Town) -> None:
    _, _, code = town.card(town.resident())
    event_id = town.event(town.activity())
    town.device(TOKEN)
    [verdict] = verdicts(send(app, row(event_id, code, direction="out")))
    assert (verdict["verdict"], verdict["code"]) == ("waiting", "out_before_in")


# ---- The envelope --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"scans"',
        b"\xff\xfe",
        b'{"scans": []}',
        b'{"sent_at": 5, "scans": []}',
        b'{"sent_at": "2026-11-20T16:30:00", "scans": []}',
        b'{"sent_at": "2026-11-20T16:30:00Z"}',
        b'{"sent_at": "2026-11-20T16:30:00Z", "scans": {}}',
        b'{"sent_at": "2026-11-20T16:30:00Z", "scans": [], "device": 7}',
        b"[" * 100_000,
        b'{"sent_at": ' + b"9" * 5000 + b"}",
    ],
)
def test_an_envelope_that_cannot_be_read(app: Flask, town: Town, body: bytes) -> None:
    town.device(TOKEN)
    response = app.test_client().post(
        "/api/v1/scans", data=body, headers={"Authorization": f"Bearer {TOKEN}"}
    )
    assert response.status_code == 422
    assert response.json is not None
    assert response.json["code"] == "envelope_invalid"
    assert response.json["words"]


def test_too_many_rows_and_too_large_a_body(app: Flask, town: Town) -> None:
    town.device(TOKEN)
    many = send(app, *[{}] * 501)
    assert (many.status_code, many.json and many.json["code"]) == (413, "too_many_rows")
    assert many.json is not None
    assert many.json["facts"] == {"most": 500}
    large = send(app, row(1, "K" * 300_000))
    assert (large.status_code, large.json and large.json["code"]) == (413, "too_many_rows")
    assert verdicts(send(app, *[{}] * 500))[499]["code"] == "scan_id_invalid"
    assert verdicts(send(app)) == []


def test_words_come_in_the_language_asked_for(app: Flask, town: Town) -> None:
    town.device(TOKEN)
    event_id = town.event(town.activity())
    [chinese] = verdicts(send(app, row(event_id, "?")))
    assert re.search(r"[\u4e00-\u9fff]", chinese["words"])
    [english] = verdicts(send(app, row(event_id, "?"), **{"Accept-Language": "en"}))
    assert english["words"].startswith("This is not one of our codes")


# ---- Who may send --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"revoked_at": FRIDAY}, Code.DEVICE_REVOKED),
        ({"expires_at": FRIDAY}, Code.DEVICE_EXPIRED),
        ({"token_hash": b"x" * 32}, Code.DEVICE_UNKNOWN),
    ],
)
def test_a_device_that_is_no_longer_taken(
    app: Flask, town: Town, values: dict[str, Any], code: Code
) -> None:
    town.device(TOKEN)
    set_device(town, **values)
    response = send(app, row(1, None))
    assert response.status_code == 401 == TABLE[code][0]
    assert response.json is not None
    assert response.json["code"] == code
    assert response.json["words"]
    assert stored_scans(town) == 0


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic QWxhZGRpbg==", "Bearer é"])
def test_a_header_that_is_no_token(app: Flask, town: Town, header: str) -> None:
    town.device(TOKEN)
    response = app.test_client().post("/api/v1/scans", json={}, headers={"Authorization": header})
    assert response.status_code == 401
    assert response.json is not None
    assert response.json["code"] == "device_unknown"


def test_nobody_is_asked_to_sign_in(app: Flask, town: Town) -> None:
    response = send(app, row(1, None), token=None)
    assert response.status_code == 401
    assert response.json is not None
    assert response.json["code"] == "sign_in_needed"


def test_a_device_keeps_to_its_activities_hours_and_community(app: Flask, town: Town) -> None:
    _, _, code = town.card(town.resident())
    event_id = town.event(town.activity())
    other = town.community("景华社区")
    host = town.organisation("景华社区居委会", other)
    foreign = town.event(town.activity(community_id=other, organisation_id=host))
    town.device(TOKEN, all_activities=False)
    [verdict] = verdicts(send(app, row(event_id, code)))
    assert verdict["code"] == "device_not_allowed"
    [verdict] = verdicts(send(app, row(foreign, code)))
    assert verdict["code"] == "event_unknown"
    # 16:30 in Shanghai lies outside 8:00 to 12:00.
    set_device(town, all_activities=True, daily_from_minute=480, daily_to_minute=720)
    [verdict] = verdicts(send(app, row(event_id, code)))
    assert verdict["code"] == "device_not_allowed"


def signed_in(app: Flask, phone: str = PHONE) -> tuple[FlaskClient, str]:
    client = app.test_client()
    sign_in(client, phone)
    return client, csrf_token(client, "/me")


def send_as(client: FlaskClient, token: str, *rows: Any) -> TestResponse:
    return client.post(
        "/api/v1/scans",
        json={"sent_at": FRIDAY.isoformat(), "scans": rows},
        headers={"X-CSRFToken": token},
    )


def test_a_leader_scans_cards_for_their_own_event_only(app: Flask, town: Town) -> None:
    leader_id = town.resident("李组长")
    town.login(f"+86{PHONE}", acts_for={leader_id: "self"})
    _, _, code = town.card(town.resident("陈秀英"))
    activity_id = town.activity()
    event_id = town.event(activity_id, leaders={leader_id: False})
    another = town.event(activity_id)
    client, token = signed_in(app)
    found = verdicts(send_as(client, token, row(event_id, code), row(another, code)))
    assert [one["code"] for one in found] == ["ok_in", "not_your_event"]
    assert found[1]["name"] is None, "somebody who may not scan here is told no name"


def test_a_leader_does_not_scan_their_own_card(app: Flask, town: Town) -> None:
    leader_id = town.resident("李组长")
    town.login(f"+86{PHONE}", acts_for={leader_id: "self"}, roles=("organizer",))
    _, _, code = town.card(leader_id)
    event_id = town.event(town.activity())
    client, token = signed_in(app)
    [verdict] = verdicts(send_as(client, token, row(event_id, code)))
    assert verdict["code"] == "own_record"


def test_a_resident_presents_an_event_code_at_the_server_s_time(app: Flask, town: Town) -> None:
    resident_id = town.resident("王芳")
    town.login(f"+86{PHONE}", acts_for={resident_id: "self"})
    event_id = town.event(town.activity())
    client, token = signed_in(app)
    code = rotating_code(town.keys.rotating_code, event_id, FRIDAY).code
    yesterday = (FRIDAY - timedelta(days=1)).isoformat()
    address = f"https://love.example.cn/q/{event_id}/{code}"
    sent = {"id": str(uuid.uuid4()), "code": address, "scanned_at": yesterday}
    [verdict] = verdicts(send_as(client, token, sent))
    assert (verdict["verdict"], verdict["name"]) == ("accepted", "王芳")
    assert datetime.fromisoformat(verdict["facts"]["checked_in_at"]) == FRIDAY
    assert verdicts(send_as(client, token, sent)) == [verdict]


def test_event_codes_that_are_not_taken(app: Flask, town: Town) -> None:
    town.login(f"+86{PHONE}", acts_for={town.resident(): "self"})
    activity_id = town.activity()
    event_id = town.event(activity_id)
    poster_off = town.event(activity_id, poster_on=False)
    renewed = town.event(activity_id, code_epoch=1)
    client, token = signed_in(app)
    keys = town.keys

    def answer(event: int, code: str) -> str:
        [verdict] = verdicts(send_as(client, token, row(event, code)))
        return str(verdict["code"])

    old = rotating_code(keys.rotating_code, event_id, FRIDAY - timedelta(minutes=5)).code
    assert answer(event_id, old) == "code_expired"
    assert answer(event_id, "AAAAAA") == "code_unknown"
    assert answer(poster_off, poster_code(keys.poster_code, poster_off, 0)) == "poster_off"
    assert answer(renewed, poster_code(keys.poster_code, renewed, 0)) == "code_unknown"
    another = rotating_code(keys.rotating_code, event_id, FRIDAY).code
    assert answer(renewed, another) == "code_unknown"


def test_a_resident_scans_no_cards(app: Flask, town: Town) -> None:
    town.login(f"+86{PHONE}", acts_for={town.resident(): "self"})
    _, _, code = town.card(town.resident("陈秀英"))
    event_id = town.event(town.activity())
    client, token = signed_in(app)
    [verdict] = verdicts(send_as(client, token, row(event_id, code)))
    assert (verdict["verdict"], verdict["code"]) == ("refused", "not_your_event")
    assert verdict["name"] is None


def test_a_signed_in_person_must_send_the_page_s_token(app: Flask, town: Town) -> None:
    town.login(f"+86{PHONE}", acts_for={town.resident(): "self"})
    client, _ = signed_in(app)
    for token in ("", "forged"):
        response = send_as(client, token, row(1, None))
        assert response.status_code == 403
        assert response.json is not None
        assert response.json["code"] == "page_expired"


# ---- The document --------------------------------------------------------------------------


def test_the_document_describes_what_is_taken(app: Flask) -> None:
    document = app.test_client().get("/api/v1/openapi.json").json
    assert document is not None
    operation = document["paths"]["/api/v1/scans"]["post"]
    assert set(operation["responses"]) >= {"200", "401", "403", "413", "422"}
    assert {"device": []} in operation["security"]
    schemas = document["components"]["schemas"]
    assert set(schemas["ScanRow"]["properties"]) == {
        "id",
        "event",
        "code",
        "direction",
        "undoes",
        "scanned_at",
    }
    assert schemas["Envelope"]["properties"]["scans"]["maxItems"] == 500
    assert document["components"]["securitySchemes"]["device"]["scheme"] == "bearer"
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    assert examples


def test_the_document_s_answers_are_those_given(app: Flask, town: Town) -> None:
    town.device(TOKEN)
    response = send(app, row(town.event(town.activity()), "?"))
    document = app.test_client().get("/api/v1/openapi.json").json
    assert document is not None
    schemas = document["components"]["schemas"]
    [verdict] = verdicts(response)
    assert set(verdict) == set(schemas["Verdict"]["properties"])
    assert response.json is not None
    assert set(response.json) == set(schemas["Verdicts"]["properties"])
    assert verdict["code"] in schemas["Verdict"]["properties"]["code"]["enum"]


def test_the_examples_of_the_document_are_taken(app: Flask, town: Town) -> None:
    town.device(TOKEN)
    document = app.test_client().get("/api/v1/openapi.json").json
    assert document is not None
    operation = document["paths"]["/api/v1/scans"]["post"]
    for example in operation["requestBody"]["content"]["application/json"]["examples"].values():
        response = app.test_client().post(
            "/api/v1/scans", json=example["value"], headers={"Authorization": f"Bearer {TOKEN}"}
        )
        assert [one["code"] for one in verdicts(response)] != ["scan_id_invalid"]
