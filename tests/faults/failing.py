"""What an answer must be while something at our end does not work."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

CHINESE = "系统现在有点问题"
ENGLISH = "Something is not working at our end"
REQUEST_ID = re.compile(r"\A[0-9a-f]{8}\Z")


def faults_of_json(status: int, headers: Mapping[str, str], content: bytes) -> list[str]:
    """How an answer of the API is not a clean 503; Chinese words, as nobody asked for English."""
    if status != 503:
        return [f"status {status}: {content[:300]!r}"]
    try:
        said = json.loads(content)
    except ValueError:
        return [f"no JSON: {content[:300]!r}"]
    wanted = {
        "its code": said.get("code") == "failure",
        "words": CHINESE in said.get("words", ""),
        "a request id": bool(REQUEST_ID.match(said.get("facts", {}).get("request_id", ""))),
        "when to come back": headers.get("Retry-After", "").isdigit(),
    }
    return [f"lacks {what}: {content!r}" for what, there in wanted.items() if not there]


def faults_of_page(status: int, headers: Mapping[str, str], content: bytes) -> list[str]:
    """How a page is not a clean 503."""
    text = content.decode()
    wanted = {
        "status 503": status == 503,
        "Chinese": CHINESE in text,
        "English": ENGLISH in text,
        "a request id": bool(re.search(r"503 · [0-9a-f]{8}", text)),
        "a way back": 'class="btn btn-primary' in text,
        "when to come back": headers.get("Retry-After", "").isdigit(),
    }
    return [f"{status} lacks {what}: {text[:300]}" for what, there in wanted.items() if not there]
