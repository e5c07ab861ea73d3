"""What the devices noted, held against what the books say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, text

from tests.auditor import audit
from tests.faults.scanners import Body, Device, Notes, verdicts_in
from tests.town import Town
from volunteer.store.database import db

POINTS = 10
"""What being at an event earns here."""


def faults_of_books(town: Town, notes: Notes, people: int, events: int) -> list[str]:
    """What was lost or doubled, once everybody was scanned in at every event; in words."""
    db.session.remove()
    with db.engine.connect() as connection:
        faults = [
            *_lost(connection, notes),
            *_doubled(connection, notes, people, events),
            *audit(connection, town.community_id),
        ]
    proof = town.app.test_cli_runner().invoke(args=["ledger", "verify"])
    if proof.exit_code != 0:
        faults.append(f"flask ledger verify says: {proof.output}")
    return faults


def _lost(connection: Connection, notes: Notes) -> list[str]:
    stored = {
        str(row.client_id).replace("-", ""): (row.verdict, row.code)
        for row in connection.execute(text("SELECT client_id, verdict, code FROM scan"))
    }
    noted = {
        client_id.replace("-", ""): (verdict["verdict"], verdict["code"])
        for client_id, verdict in notes.verdicts().items()
    }
    faults = [
        f"acknowledged as {answer} and stored as {stored.get(one)}: {one}"
        for one, answer in noted.items()
        if stored.get(one) != answer
    ]
    return faults + [f"stored and never sent: {one}" for one in stored.keys() - noted.keys()]


def _doubled(connection: Connection, notes: Notes, people: int, events: int) -> list[str]:
    def figure(statement: str) -> Any:
        return connection.execute(text(statement)).scalar_one()

    # Of two scans that cross on their way, the later to be judged may be the earlier: it is
    # accepted too, moves the time and earns nothing.
    told = sum(verdict["facts"]["points"] for verdict in notes.accepted())
    awards = "SELECT COUNT(*) FROM transfer WHERE code = 'award'"
    balances = "SELECT COUNT(*) FROM account WHERE kind = 'passbook' AND balance_points"
    wanted = {
        "attendances": (figure("SELECT COUNT(*) FROM attendance"), people * events),
        "awards": (figure(awards), people * events),
        "transfers": (figure("SELECT COUNT(*) FROM transfer"), people * events),
        "passbooks with the right balance": (figure(f"{balances} = {events * POINTS}"), people),
        "points that people were told of": (told, people * events * POINTS),
    }
    return [
        f"{what}: {found}, not {right}" for what, (found, right) in wanted.items() if found != right
    ]


def changed_answers(port: int, bodies: Iterable[Body], notes: Notes) -> list[str]:
    """Send what was acknowledged again: every body that gets another answer, byte for byte."""
    device = Device(port, Notes())
    faults = []
    for body in bodies:
        status, _, answer = device.post(body)
        if status != 200 or verdicts_in(answer) != notes.answers[body]:
            faults.append(f"{notes.answers[body]!r} became {status} {answer!r}")
    device.close()
    return faults
