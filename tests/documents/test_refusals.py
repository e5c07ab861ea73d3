import re

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

from volunteer.documents.refusals import (
    OUTCOMES,
    TABLE,
    status_of,
    words_for,
    words_for_code,
)
from volunteer.domain.refusals import Code, Outcome, Refusal

FACTS = {
    "ended_on": "2026-05-03",
    "opens_at": "2026-11-23T07:00:00+00:00",
    "closed_at": "2026-11-23T09:30:00+00:00",
    "capacity": 20,
    "hours": 72,
    "minutes": 10,
    "most": 500,
    "characters": "<>",
    "longest": 50,
    "balance_points": 3,
    "needed_points": 10,
}


@pytest.fixture(params=["zh_Hans_CN", "en"])
def locale(request):
    app = Flask("volunteer", root_path=None)
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Asia/Shanghai"
    Babel(app)
    with app.test_request_context(), force_locale(request.param):
        yield request.param


def test_every_refusal_and_every_outcome_has_its_row():
    assert set(TABLE) == set(Code)
    assert set(OUTCOMES) == set(Outcome)


@pytest.mark.parametrize("code", Code)
def test_a_refusal_is_never_a_success_nor_an_outage(code):
    assert 400 <= status_of(code) < 500


@pytest.mark.parametrize("facts", [{}, FACTS, dict.fromkeys(FACTS)], ids=["none", "all", "empty"])
@pytest.mark.parametrize("code", Code)
def test_a_refusal_has_words_whatever_facts_are_known(code, facts, locale):
    words = words_for(Refusal(code, facts))
    assert len(words) >= 5
    assert not re.search(r"%\(|None|[!！]", words)
    assert bool(re.search(r"[\u4e00-\u9fff]", words)) == (locale == "zh_Hans_CN")


@pytest.mark.parametrize("outcome", Outcome)
def test_an_outcome_has_words(outcome, locale):
    words = words_for_code(outcome.value, {})
    assert bool(re.search(r"[\u4e00-\u9fff]", words)) == (locale == "zh_Hans_CN")


def test_times_and_dates_are_shown_as_people_here_write_them(locale):
    opens = words_for_code("check_in_not_open", FACTS)
    replaced = words_for_code("card_replaced", FACTS)
    if locale == "en":
        assert "23 Nov, 15:00" in opens
        assert "3 May 2026" in replaced
    else:
        assert "11月23日 15:00" in opens
        assert "2026年5月3日" in replaced


def test_a_fact_may_hold_a_percent_sign(locale):
    assert "100%(x)s" in words_for(Refusal(Code.NAME_CHARACTERS, {"characters": "100%(x)s"}))
