"""What the API document says. Nothing here runs when a scan comes in; see ``rows``."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from volunteer.domain.refusals import Code, Outcome
from volunteer.domain.scans import LONGEST_BATCH
from volunteer.domain.tokens import LONGEST_PRESENTED

_SCAN_ID = "0f8b2c1e-5d1a-4f6e-9a77-3c1d2e4b5a60"
NAME_WORDS = (
    "Of the resident, if known. To a device, whose screen everybody reads: the first character of "
    "an adult who has agreed to the record, else null."
)
_UNDO_ID = "7c6f2d9a-1b3e-4c5d-8e9f-0a1b2c3d4e5f"


class ScanRowSchema(Schema):
    """One presentation of a card or a code."""

    id = fields.UUID(
        required=True,
        metadata={
            "description": "Made by the scanner, once for each presentation; a retry sends the "
            "same id with the same body and gets the first answer again.",
            "example": _SCAN_ID,
        },
    )
    event = fields.Integer(
        validate=validate.Range(min=1),
        metadata={"description": "The event's id; an event code names it too.", "example": 128},
    )
    code = fields.String(
        validate=validate.Length(max=LONGEST_PRESENTED),
        metadata={
            "description": "A card's code, its address or its number; or, from a signed-in "
            "resident, the event's code or its address.",
            "example": "https://love.example.cn/c/7K2M9QJ4TC0XW5RBN8HD",
        },
    )
    direction = fields.String(load_default="in", validate=validate.OneOf(("in", "out", "undo")))
    undoes = fields.UUID(
        metadata={
            "description": "With direction undo: the id of the scan to take back, within "
            "ten minutes, by whoever recorded it."
        }
    )
    scanned_at = fields.AwareDateTime(
        metadata={
            "description": "When it was presented, by the scanner's clock. A resident's own "
            "phone is not asked: the server's time counts.",
            "example": "2026-11-20T16:30:00+08:00",
        },
    )


class EnvelopeSchema(Schema):
    """A batch of scans."""

    device = fields.String(
        allow_none=True,
        validate=validate.Length(max=120),
        metadata={"description": "What the scanner calls itself; says nothing about what it may."},
    )
    sent_at = fields.AwareDateTime(
        required=True,
        metadata={
            "description": "The scanner's clock at the moment of sending. Each row's time is "
            "moved by the difference to the server's clock.",
            "example": "2026-11-20T16:30:02+08:00",
        },
    )
    scans = fields.List(
        fields.Nested(ScanRowSchema),
        required=True,
        validate=validate.Length(max=LONGEST_BATCH),
    )


class VerdictSchema(Schema):
    """The answer to one row, in the row's place."""

    id = fields.UUID(allow_none=True, metadata={"description": "The row's; null if it had none."})
    verdict = fields.String(
        required=True, validate=validate.OneOf(("accepted", "already", "waiting", "refused"))
    )
    code = fields.String(
        required=True, validate=validate.OneOf([str(code) for code in (*Outcome, *Code)])
    )
    words = fields.String(required=True, metadata={"description": "For people, as they asked."})
    spoken = fields.String(required=True, metadata={"description": "The same, to be read out."})
    name = fields.String(allow_none=True, metadata={"description": NAME_WORDS})
    facts = fields.Dict(keys=fields.String())
    thanks = fields.String(
        allow_none=True,
        metadata={
            "description": "For a leader who is signed in: words for somebody who checks in for a "
            "round number of times. Counted now, so a retry may differ."
        },
    )


class VerdictsSchema(Schema):
    received_at = fields.AwareDateTime(required=True)
    verdicts = fields.List(fields.Nested(VerdictSchema), required=True)


class RefusalSchema(Schema):
    """Why the request as a whole was not taken."""

    code = fields.String(required=True, metadata={"example": "device_revoked"})
    words = fields.String(required=True)
    facts = fields.Dict(keys=fields.String())


_CARD_IN = {
    "device": "scanner at the square",
    "sent_at": "2026-11-20T16:30:02+08:00",
    "scans": [
        {
            "id": _SCAN_ID,
            "event": 128,
            "code": "7K2M9QJ4TC0XW5RBN8HD",
            "direction": "in",
            "scanned_at": "2026-11-20T16:30:00+08:00",
        }
    ],
}
_UNDO = {
    "sent_at": "2026-11-20T16:31:10+08:00",
    "scans": [
        {
            "id": _UNDO_ID,
            "event": 128,
            "direction": "undo",
            "undoes": _SCAN_ID,
            "scanned_at": "2026-11-20T16:31:09+08:00",
        }
    ],
}
_ACCEPTED = {
    "received_at": "2026-11-20T08:30:02.104000+00:00",
    "verdicts": [
        {
            "id": _SCAN_ID,
            "verdict": "accepted",
            "code": "ok_in",
            "words": "已签到",
            "spoken": "签到成功，加十分",
            "name": "陈*",
            "facts": {"event_id": 128, "points": 10, "balance_points": 138, "minutes": 0},
            "thanks": None,
        }
    ],
}
_REFUSED = {
    "received_at": "2026-11-20T08:30:02.104000+00:00",
    "verdicts": [
        {
            "id": _SCAN_ID,
            "verdict": "refused",
            "code": "card_replaced",
            "words": "这张存折卡已换新（2026年5月3日）。请用新卡，或输入新卡号。",
            "spoken": "这张存折卡已换新（2026年5月3日）。请用新卡，或输入新卡号。",
            "name": None,
            "facts": {"ended_on": "2026-05-03"},
            "thanks": None,
        }
    ],
}


def _json(schema: type[Schema], **examples: Any) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": schema}
    if examples:
        content["examples"] = {
            name: {"summary": name.replace("_", " "), "value": value}
            for name, value in examples.items()
        }
    return {"application/json": content}


def _refusal(description: str) -> dict[str, Any]:
    return {"description": description, "content": _json(RefusalSchema)}


SCANS_DOC: dict[str, Any] = {
    "summary": "Record scans",
    "description": (
        "Answers 200 whenever the envelope can be read, with one verdict a row in the order sent: "
        "`accepted`, `already`, `waiting` (an out before its in) or `refused`. A row whose `id` "
        "is not a UUID is answered in its place and not kept; every other row is kept with its "
        "verdict, and the same id with the same body gets that verdict for ever. Words come in "
        "the language that `Accept-Language` asks for, Chinese otherwise."
    ),
    "operationId": "recordScans",
    "security": [{"device": []}, {"session": [], "csrf": []}],
    "requestBody": {
        "required": True,
        "content": _json(EnvelopeSchema, check_in_by_card=_CARD_IN, undo=_UNDO),
    },
    "responses": {
        "200": {
            "description": "One verdict a row",
            "content": _json(VerdictsSchema, accepted=_ACCEPTED, refused=_REFUSED),
        },
        "401": _refusal("No device token and nobody signed in, or the device is no longer taken"),
        "403": _refusal("Signed in, but without the page's token in X-CSRFToken"),
        "413": _refusal("More than 500 rows, or more than 256 kB"),
        "422": _refusal("The envelope cannot be read"),
        "503": _refusal(
            "An outage. Whether the scans were saved is not known: send the same ids and bodies "
            "again after `Retry-After` seconds; each counts once"
        ),
    },
}

DOCUMENT: dict[str, Any] = {
    "info": {
        "description": "The scanner's side of the love passbook: who was at which event.",
    },
    "components": {
        "securitySchemes": {
            "device": {
                "type": "http",
                "scheme": "bearer",
                "description": "The token of a device that an organizer added; shown once.",
            },
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": "session",
                "description": "A leader who is signed in scans cards for their events; a "
                "resident who is signed in presents an event's code for themself.",
            },
            "csrf": {
                "type": "apiKey",
                "in": "header",
                "name": "X-CSRFToken",
                "description": "The token that the page carries.",
            },
        }
    },
}
