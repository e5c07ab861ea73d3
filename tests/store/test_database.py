"""What an error of the database says of the rows it was about: nothing."""

from __future__ import annotations

import traceback
from collections.abc import Mapping

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError

from tests.town import FRIDAY, Town
from volunteer.store import models as m
from volunteer.store.database import Tx

PHONE, NAME = "+8613912345678", "欧阳娜娜"


def log_of(town: Town, *values: Mapping[str, object]) -> str:
    """What is logged of a login that cannot be written, the driver's own error included."""

    def work(tx: Tx) -> None:
        for one in values:
            tx.execute(insert(m.Login).values(created_at=FRIDAY, **one))

    with pytest.raises(IntegrityError) as caught:
        town.write(work)
    return "".join(traceback.format_exception(caught.value))


def test_a_key_that_is_taken_is_not_logged(both_town: Town) -> None:
    one = {"name": NAME, "phone": PHONE, "secret_kind": "pin"}
    logged = log_of(both_town, one, one)
    assert "phone" in logged  # which key it was, so that somebody can mend it
    assert PHONE not in logged
    assert NAME not in logged


def test_a_row_that_breaks_a_rule_is_not_logged(both_town: Town) -> None:
    logged = log_of(both_town, {"name": NAME, "phone": PHONE, "secret_kind": "none"})
    assert "secret_kind_known" in logged
    assert PHONE not in logged
    assert NAME not in logged


def test_a_row_that_breaks_a_rule_in_plain_sql_is_not_logged(both_town: Town) -> None:
    def work(tx: Tx) -> None:
        tx.execute(
            text(
                "INSERT INTO login (name, phone, secret_kind, elder_mode, created_at)"
                " VALUES (:name, :phone, 'none', false, :at)"
            ),
            {"name": NAME, "phone": PHONE, "at": "2026-11-20 08:30:00"},
        )

    with pytest.raises(IntegrityError) as caught:
        both_town.write(work)
    assert NAME not in "".join(traceback.format_exception(caught.value))
