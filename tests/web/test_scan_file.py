"""A phone's file of kept scans: recorded once, at the times that were meant, or refused."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.signed_in import FreshClient, post, sign_in
from tests.town import FRIDAY, Town
from volunteer.domain.refusals import Refused
from volunteer.store import models as m
from volunteer.web.scanner.scan_file import MOST_ROWS, read_scan_file

PHONE = "13900000001"
NOW = FRIDAY + timedelta(minutes=30)


class Office:
    """A computer in the office, and what the phone scanned at event 1."""

    def __init__(self, app: Flask) -> None:
        app.test_client_class = FreshClient
        self.town = Town(app)
        self.town.login(f"+86{PHONE}", roles=("organizer",), name="林主任")
        self.event_id = self.town.event(self.town.activity())
        self.client = app.test_client()
        sign_in(self.client, PHONE)

    def row(self, code: str, at: datetime, **more: object) -> dict[str, object]:
        said = {"id": str(uuid4()), "event": self.event_id, "code": code, "direction": "in"}
        return said | {"scanned_at": at.isoformat()} | more

    def upload(self, data: bytes) -> TestResponse:
        path = f"/organize/events/{self.event_id}/scan/file"
        return post(self.client, path, {"file": (io.BytesIO(data), "scans.json")})  # type: ignore[dict-item]

    def scans(self) -> list[m.Scan]:
        return self.town.write(lambda tx: list(tx.scalars(select(m.Scan).order_by(m.Scan.id))))


def file_of(rows: list[Any], sent_at: datetime, **more: object) -> bytes:
    said = {"format": "love-passbook-scans", "version": 1, "sent_at": sent_at.isoformat()}
    return json.dumps(said | {"scans": rows, "saved_by": "李组长"} | more).encode()


@pytest.fixture
def office(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr("volunteer.clock.now", lambda: NOW)
    return Office(app)


def test_a_file_is_recorded_once_at_the_times_that_were_meant(office: Office) -> None:
    """The phone was an hour ahead when it last had an answer; the file comes twice."""
    _, number, _ = office.town.card(office.town.resident("陈秀英"))
    ahead = timedelta(hours=1)
    scanned_at = NOW - timedelta(minutes=10)
    later = scanned_at + timedelta(seconds=1)  # rows are recorded in the order of their times
    rows = [office.row(number, scanned_at + ahead), office.row("10000009", later + ahead)]
    data = file_of(rows, NOW - timedelta(minutes=5) + ahead, skew_ms=-3_600_000)
    response = office.upload(data)
    page = response.get_data(as_text=True)
    assert response.status_code == 200
    assert "陈秀英" in page
    assert "号码有误" in page
    assert "约 60 分钟" in page
    again = office.upload(data).get_data(as_text=True)
    assert "陈秀英" in again
    stored = office.scans()
    assert [(one.verdict, one.code) for one in stored] == [
        ("accepted", "ok_in"),
        ("refused", "number_invalid"),
    ]
    assert stored[0].corrected_at == scanned_at
    assert stored[0].scanned_at == scanned_at + ahead
    event = office.client.get(f"/organize/events/{office.event_id}").get_data(as_text=True)
    assert "60 分钟" in event


def test_an_event_s_code_in_a_file_checks_nobody_in(office: Office) -> None:
    row = office.row(f"http://localhost/q/{office.event_id}/K7Q2M9", NOW)
    assert office.upload(file_of([row, "no row"], NOW)).status_code == 200
    assert [one.verdict for one in office.scans()] == ["refused"]


WRONG = {
    "scan_file_unreadable": [
        b"",
        b"\xff\xfe\x00",
        b"[]",
        b"[" * 100_000,
        b'{"format": "love-passbook-scans", "version": 2, "scans": [1]}',
        file_of([1], NOW).replace(b"love-passbook-scans", b"something else"),
        file_of([1], NOW).replace(b'"sent_at"', b'"sent"'),
    ],
    "scan_file_empty": [file_of([], NOW)],
    "scan_file_too_large": [file_of([1] * (MOST_ROWS + 1), NOW), b" " * 1_100_000],
}


@pytest.mark.parametrize("code", WRONG)
def test_a_wrong_file_is_refused(code: str) -> None:
    for data in WRONG[code]:
        with pytest.raises(Refused) as refused:
            read_scan_file(data, NOW)
        assert refused.value.refusal.code == code


def test_a_refusal_is_said_in_both_languages(office: Office) -> None:
    response = office.upload(b"no file")
    assert response.status_code == 422
    assert "这不是扫码页保存的文件" in response.get_data(as_text=True)
    assert post(office.client, "/preferences", {"language": "en"}).status_code < 400
    assert "This is not a file of kept scans" in office.upload(b"no file").get_data(as_text=True)
    assert office.scans() == []


def test_a_clock_that_was_never_measured_is_put_back_where_the_file_shows_it(
    office: Office,
) -> None:
    assert read_scan_file(file_of([1], NOW + timedelta(hours=2)), NOW).skew == -timedelta(hours=2)
    assert read_scan_file(file_of([1], NOW - timedelta(hours=2)), NOW).skew == timedelta()
    behind = read_scan_file(file_of([1], NOW - timedelta(hours=2), skew_ms=173_000), NOW)
    assert behind.skew == timedelta(seconds=173)
