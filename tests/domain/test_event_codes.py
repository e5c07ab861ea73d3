"""What an event's code is worth, and reading one that a person typed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.event_codes import decide_event_code
from volunteer.domain.refusals import Code, Refusal
from volunteer.domain.tokens import (
    EventCode,
    Keys,
    parse_typed_event_code,
    poster_code,
    rotating_code,
)

KEYS = Keys.derive(b"a secret of the installation")
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    code_epoch: int = 0
    poster_on: bool = True


def worth(code: str, event: Event = Event(), event_id: int = 7, now: datetime = NOON) -> object:
    found = decide_event_code(EventCode(code), event_id, event, KEYS, now)
    return found.code if isinstance(found, Refusal) else found


@pytest.mark.parametrize(
    ("seconds", "found"),
    [
        (0, "rotating_code"),
        (59, "rotating_code"),
        (60, Code.CODE_EXPIRED),
        (7000, Code.CODE_EXPIRED),
        (8000, Code.CODE_UNKNOWN),
        (-31, Code.CODE_UNKNOWN),
    ],
)
def test_a_rotating_code_is_taken_for_its_step_and_the_next(seconds: int, found: object) -> None:
    code = rotating_code(KEYS.rotating_code, 7, NOON).code
    assert worth(code, now=NOON + timedelta(seconds=seconds)) == found


def test_a_poster_code() -> None:
    code = poster_code(KEYS.poster_code, 7, 0)
    assert worth(code) == "poster_code"
    assert worth(code, Event(poster_on=False)) == Code.POSTER_OFF
    assert worth(code, Event(code_epoch=1)) == Code.CODE_UNKNOWN
    assert worth(code, event_id=8) == Code.CODE_UNKNOWN


@pytest.mark.parametrize(
    ("text", "event_id", "code"),
    [
        ("128 K7Q2M9", 128, "K7Q2M9"),
        (" 128-k7q2m9 ", 128, "K7Q2M9"),
        ("128/K7Q2M9", 128, "K7Q2M9"),
        ("１２８ Ｋ７Ｑ２Ｍ９", 128, "K7Q2M9"),
        ("K7Q2MO", None, "K7Q2M0"),
        ("il1o0m", None, "11100M"),
    ],
)
def test_typed_codes(text: str, event_id: int | None, code: str) -> None:
    assert parse_typed_event_code(text) == EventCode(code, event_id)


@pytest.mark.parametrize("text", ["", "128", "K7Q2M", "0 K7Q2M9", "你好", "K7Q2M9U", "1" * 90])
def test_what_was_typed_is_no_code(text: str) -> None:
    assert parse_typed_event_code(text) is None


@given(st.text(max_size=120))
def test_typing_never_fails(text: str) -> None:
    parse_typed_event_code(text)
