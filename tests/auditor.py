"""An auditor of the books who shares no code with them: plain SQL, plain arithmetic.

The ids of the rules are those of docs/architecture.md. ``flask ledger verify`` proves the same
in its own way; the tests hold the two to one opinion.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

LIMIT = 10**12
Rows = list[dict[str, Any]]


def audit(connection: Connection, community_id: int) -> list[str]:
    """What is wrong with the books of a community, each fault with the rule it breaks."""
    books = _Books(connection, community_id)
    return [
        *_transfers(books),
        *_passbooks(books),
        *_reversals(books),
        *_attendances(books),
        *_boards(books),
    ]


class _Books:
    def __init__(self, connection: Connection, community_id: int) -> None:
        def read(table: str, order: str = "id") -> Rows:
            found = connection.execute(
                text(f"SELECT * FROM {table} WHERE community_id = :id ORDER BY {order}"),
                {"id": community_id},
            )
            return [dict(row._mapping) for row in found]

        self.community_id = community_id
        self.accounts = {row["id"]: row for row in read("account")}
        self.transfers = {row["id"]: row for row in read("transfer")}
        self.entries = read("entry", "account_id, entry_no")
        self.attendances = read("attendance")
        self.totals = read("board_total", "board, period_kind, period_start, subject_id")
        self.holds = read("hold")
        self.ended_holds = {row["hold_id"] for row in read("hold_end")}
        self.reversed = Counter(
            row["reverses_id"] for row in self.transfers.values() if row["reverses_id"]
        )
        facts = connection.execute(
            text("SELECT id, facts FROM transfer WHERE community_id = :id AND code = 'award'"),
            {"id": community_id},
        )
        self.parts = {row.id: _part(row.facts) for row in facts}


def _part(facts: Any) -> str:
    said = json.loads(facts) if isinstance(facts, str) else facts
    return str(said["part"])


def _transfers(books: _Books) -> list[str]:
    printed: defaultdict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for entry in books.entries:
        amounts = (entry["amount_points"], entry["amount_minutes"])
        printed[entry["transfer_id"], entry["account_id"]].append(amounts)
    faults = []
    for row in books.transfers.values():
        points, minutes = row["amount_points"], row["amount_minutes"]
        if not (0 <= points <= LIMIT and 0 <= minutes <= LIMIT and (points or minutes)):
            faults.append(f"L1 transfer {row['id']} moves {points} and {minutes}")
        sides = {row["debit_account_id"]: -1, row["credit_account_id"]: 1}
        if len(sides) != 2 or not sides.keys() <= books.accounts.keys():
            faults.append(f"L8 transfer {row['id']} leaves the community")
            continue
        for account_id, sign in sides.items():
            owned = books.accounts[account_id]["kind"] == "passbook"
            wanted = [(sign * points, sign * minutes)] if owned else []
            if printed.pop((row["id"], account_id), []) != wanted:
                faults.append(f"L1 transfer {row['id']} is not printed once in {account_id}")
    return faults + [f"L1 a line of no transfer: {key}" for key in printed]


def _passbooks(books: _Books) -> list[str]:
    lines: defaultdict[int, Rows] = defaultdict(list)
    for entry in books.entries:
        lines[entry["account_id"]].append(entry)
    owned = [row for row in books.accounts.values() if row["kind"] == "passbook"]
    return [fault for row in owned for fault in _passbook(books, row, lines[row["id"]])]


def _passbook(books: _Books, account: dict[str, Any], lines: Rows) -> list[str]:
    faults = []
    account_id = account["id"]
    start = f"love-passbook/1/{books.community_id}/{account_id}"
    head, points, minutes = hashlib.sha256(start.encode()).digest(), 0, 0
    for number, entry in enumerate(lines, start=1):
        points += entry["amount_points"]
        minutes += entry["amount_minutes"]
        after = (entry["balance_after_points"], entry["total_after_minutes"])
        if (entry["entry_no"], bytes(entry["prev_hash"])) != (number, head):
            faults.append(f"L2 line {number} of {account_id} is not chained")
        if after != (points, minutes):
            faults.append(f"L2 line {number} of {account_id} says {after}")
        head = bytes(entry["hash"])
    written = (account["balance_points"], account["total_minutes"], account["last_entry_no"])
    if written != (points, minutes, len(lines)) or bytes(account["head_hash"]) != head:
        faults.append(f"L2 passbook {account_id} says {written}, its lines {points, minutes}")
    held = sum(
        hold["amount_points"]
        for hold in books.holds
        if hold["account_id"] == account_id and hold["id"] not in books.ended_holds
    )
    if account["held_points"] != held:
        faults.append(f"L2 passbook {account_id} holds {account['held_points']}, not {held}")
    if not 0 <= held <= points <= LIMIT or not 0 <= minutes <= LIMIT:
        faults.append(f"L3 passbook {account_id}: {points} points, {held} held, {minutes} min")
    return faults


def _reversals(books: _Books) -> list[str]:
    faults = [f"L7 transfer {one} is reversed twice" for one, n in books.reversed.items() if n > 1]
    owed: Counter[int] = Counter()
    for row in books.transfers.values():
        if row["code"] == "debt":
            owed[row["credit_account_id"]] += row["amount_points"]
        if row["code"] == "debt_recovery":
            owed[row["debit_account_id"]] -= row["amount_points"]
        if row["code"] != "reversal":
            continue
        original = books.transfers.get(row["reverses_id"])
        pairs = (
            ("debit_account_id", "credit_account_id"),
            ("credit_account_id", "debit_account_id"),
            ("amount_points", "amount_points"),
            ("amount_minutes", "amount_minutes"),
        )
        if original is None or original["code"] == "reversal":
            faults.append(f"L7 transfer {row['id']} reverses what cannot be reversed")
        elif any(row[mine] != original[other] for mine, other in pairs):
            faults.append(f"L7 transfer {row['id']} does not mirror {original['id']}")
    for account_id, account in books.accounts.items():
        if account["kind"] == "passbook" and account["owed_points"] != owed[account_id]:
            faults.append(f"L7 passbook {account_id} owes {owed[account_id]} by its transfers")
    return faults


def _attendances(books: _Books) -> list[str]:
    faults = []
    pairs = Counter((row["event_id"], row["resident_id"]) for row in books.attendances)
    faults += [f"A1 {pair} attended {count} times" for pair, count in pairs.items() if count > 1]
    passbook_of = {
        account["resident_id"]: account["id"]
        for account in books.accounts.values()
        if account["kind"] == "passbook"
    }
    standing: defaultdict[int, list[tuple[str, int, int]]] = defaultdict(list)
    for row in books.transfers.values():
        if row["code"] == "award" and row["id"] not in books.reversed:
            award = (books.parts[row["id"]], row["amount_points"], row["amount_minutes"])
            standing[row["attendance_id"]].append(award)
    for row in books.attendances:
        parts = [
            ("check_in", row["check_in_points"], 0),
            ("check_out", row["check_out_points"], row["minutes"]),
        ]
        wanted = [part for part in parts if any(part[1:])]
        if sorted(standing.pop(row["id"], [])) != sorted(wanted):
            faults.append(f"A2 attendance {row['id']} does not stand by its awards")
        if not _counts(row) and wanted:
            faults.append(f"A2 attendance {row['id']} counts nowhere and earned {wanted}")
        if row["resident_id"] not in passbook_of:
            faults.append(f"A2 attendance {row['id']} has no passbook")
    return faults + [f"A2 awards of no attendance: {one}" for one in standing]


def _counts(row: dict[str, Any]) -> bool:
    here = row["state"] != "undone" and row["annulled_at"] is None
    return here and not row["on_duty"] and not row["provisional"]


def _boards(books: _Books) -> list[str]:
    wanted: defaultdict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    people: defaultdict[tuple[Any, ...], set[int]] = defaultdict(set)
    for row in books.attendances:
        if not _counts(row):
            continue
        for board in ("building", "youth_group"):
            subject_id = row[f"{board}_id"]
            for kind, start in _periods(_day(row["local_date"])):
                if subject_id is not None:
                    key = (board, kind, start, subject_id)
                    points = row["check_in_points"] + row["check_out_points"]
                    wanted[key] = [
                        a + b for a, b in zip(wanted[key], (points, row["minutes"], 1), strict=True)
                    ]
                    people[key].add(row["resident_id"])
    faults = []
    for row in books.totals:
        key = (row["board"], row["period_kind"], _day(row["period_start"]), row["subject_id"])
        written = [row["points"], row["minutes"], row["attendances"]]
        if (written, row["participants"]) != (wanted.pop(key, [0, 0, 0]), len(people[key])):
            faults.append(f"B1 {key} says {written} of {row['participants']} people")
    return faults + [f"B1 {key} is on no board" for key in wanted]


def _day(value: date | str) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(value)


def _periods(day: date) -> list[tuple[str, date]]:
    return [
        ("day", day),
        ("week", day - timedelta(days=day.weekday())),
        ("month", day.replace(day=1)),
        ("year", day.replace(month=1, day=1)),
        ("all", date(1970, 1, 1)),
    ]
