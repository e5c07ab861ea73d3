"""Malformed codes and rows, whatever a scanner, a person or somebody with bad intent may send:
none is taken for somebody's card or an event's code, and none raises."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from tests.domain.test_tokens import (
    CARD,
    CARD_CODE,
    EVENT,
    HOST,
    KEYS,
    NOW,
    mutate,
    rotating,
    spelling,
    would_be_accepted,
)
from tests.faults.volume import volume
from volunteer.domain import tokens
from volunteer.domain.refusals import Refused
from volunteer.domain.tokens import EventCode, parse_typed_event_code
from volunteer.web.api.rows import parse_envelope, parse_row

pytestmark = pytest.mark.faults

MUTANTS = volume(200_000)
NO_SKEW = timedelta()
ID = "3f0e7a52-6d0e-4c5f-9a43-2f3f1d8f7e10"
GENUINE = {
    "id": ID,
    "event": EVENT,
    "code": CARD_CODE,
    "direction": "in",
    "scanned_at": NOW.isoformat(),
}
CODES = [
    CARD_CODE,
    f"https://{HOST}/c/{CARD_CODE}",
    f"https://{HOST}/q/{EVENT}/{rotating().code}",
    f"https://{HOST}/q/{EVENT}/{tokens.poster_code(KEYS.poster_code, EVENT, 1)}",
    CARD,
]
# What JSON can hold where a text was meant, and what a text can hold.
STRANGE: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    1e308,
    2**63,
    10**400,
    [],
    {},
    [CARD_CODE],
    {"code": CARD_CODE},
    "",
    " ",
    "\0",
    "A" * 100_000,
    "\ud800",
    "💗" * 20,
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "../../etc/passwd",
    "=HYPERLINK(1)",
    "0000-00-00T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+14:00",
    "2026-11-20T08:30:00",
    "NaN",
]


def test_no_mutant_of_a_code_is_taken_for_it() -> None:
    """As a row of the API and as a typed code; reading the code alone is tried in
    tests/domain/test_tokens.py."""
    dice = Random(20261124)
    taken = []
    for _ in range(MUTANTS):
        original = dice.choice(CODES)
        mutant = mutate(original, dice)
        scan = parse_row(GENUINE | {"code": mutant}, NO_SKEW, own_host=HOST, now=NOW)
        assert scan is not None
        if would_be_accepted(scan.presented) and spelling(mutant) != spelling(original):
            taken.append(mutant)
        typed = parse_typed_event_code(mutant)
        assert typed is None or isinstance(typed, EventCode)
    assert taken == []
    # The control: every code itself is taken, by the same reading and the same judgement.
    for code in CODES:
        scan = parse_row(GENUINE | {"code": code}, NO_SKEW, own_host=HOST, now=NOW)
        assert scan is not None
        assert would_be_accepted(scan.presented)


def test_a_strange_row_is_read_or_refused_and_never_raises() -> None:
    dice = Random(20261125)
    said: Counter[str] = Counter()
    for _ in range(MUTANTS // 2):
        row = strange_row(dice)
        scan = parse_row(row, NO_SKEW, own_host=HOST, now=NOW)
        if scan is None:
            said["no id"] += 1
            assert not isinstance(row, dict) or row.get("id") != ID
            continue
        assert str(scan.client_id) == row["id"].lower()
        assert scan.event_id is None or 0 < scan.event_id < 2**63
        assert scan.corrected_at.tzinfo is not None
        assert scan.direction in {"in", "out", "undo"}
        said[str(scan.fault)] += 1
    # Every way of answering was met, the good one too.
    assert {"no id", "None", "direction_invalid", "time_invalid"} <= set(said)


def strange_row(dice: Random) -> Any:
    if dice.randrange(20) == 0:
        return dice.choice(STRANGE)
    row: dict[str, Any] = dict(GENUINE)
    for _ in range(dice.randint(0, 3)):
        name = dice.choice([*GENUINE, "undoes", "more"])
        if dice.randrange(4) == 0:
            row.pop(name, None)
        elif isinstance(row.get(name), str) and dice.randrange(2):
            row[name] = mutate(row[name] or "x", dice)
        else:
            row[name] = dice.choice(STRANGE)
    return row


def test_a_strange_envelope_is_read_or_refused_and_never_fails() -> None:
    dice = Random(20261126)
    said: Counter[str] = Counter()
    for _ in range(MUTANTS // 20):
        body: Any = {"device": "door", "sent_at": NOW.isoformat(), "scans": [GENUINE]}
        for name in dice.sample([*body], dice.randint(0, 2)):
            body[name] = dice.choice(STRANGE)
        if dice.randrange(20) == 0:
            body = dice.choice(STRANGE)
        try:
            parse_envelope(body, NOW)
            said["read"] += 1
        except Refused as refused:
            said[str(refused.refusal.code)] += 1
    assert {"read", "envelope_invalid"} == set(said)


def test_what_is_no_json_is_refused() -> None:
    """The reading of a body is Flask's; what it lets through is ours."""
    assert json.loads("1e999") == float("inf")
    for strange in (float("inf"), float("nan")):
        row = GENUINE | {"event": strange, "scanned_at": strange, "code": strange}
        scan = parse_row(row, NO_SKEW, own_host=HOST, now=NOW)
        assert scan is not None
        assert (scan.event_id, scan.presented) == (None, None)
