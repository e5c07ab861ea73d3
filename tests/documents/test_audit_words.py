"""Every deed that can be written down has words in both languages."""

import ast
import re
from pathlib import Path

from flask import Flask
from flask_babel import force_locale

from volunteer.documents.audit_words import ACTIONS, FACTS, UNSAID, fact_words

SERVICES = Path(__file__).parents[2] / "volunteer" / "services"
_ACTION = re.compile(r'(?:action=|_audit\w*\(\s*tx,\s*)(?:f?)"([a-z_{}]+)"')


def test_every_action_in_the_services_has_words() -> None:
    written = {
        action
        for path in SERVICES.glob("*.py")
        for action in _ACTION.findall(path.read_text(encoding="utf-8"))
        if "{" not in action
    }
    assert len(written) > 30
    assert written <= set(ACTIONS), written - set(ACTIONS)


def test_every_fact_in_the_services_has_words() -> None:
    recorded = {
        key.value
        for path in SERVICES.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.keyword) and node.arg == "facts"
        for given in ast.walk(node.value)
        if isinstance(given, ast.Dict)
        for key in given.keys
        if isinstance(key, ast.Constant)
    }
    assert {"starts_at", "people", "reason"} <= recorded
    assert recorded - UNSAID <= set(FACTS), recorded - UNSAID - set(FACTS)


def test_facts_are_said_in_the_language_of_the_page(app: Flask) -> None:
    facts = {
        "from": "active",
        "to": "moved_away",
        "day": "2026-11-20",
        "name": "unsaid",
        "fields": "name, birth_date",
        "starts_at": "2026-11-23T16:00:00+00:00",
        "unheard_of": 3,
    }
    with app.test_request_context():
        with force_locale("en"):
            assert fact_words(facts) == [
                ("from", "On the books"),
                ("to", "Moved away"),
                ("day", "20 Nov 2026"),
                ("changed", "name, birth date"),
                ("start", "24 Nov 2026, 00:00"),
                ("unheard_of", "3"),
            ]
        with force_locale("zh_Hans_CN"):
            assert ("日期", "2026年11月20日") in fact_words(facts)
            assert ("开始时间", "2026年11月24日 00:00") in fact_words(facts)
            assert ("改动", "姓名、出生日期") in fact_words(facts)
