"""The report of `flask ledger verify`, in both languages: it is read on a terminal, by whoever
runs the machine, and pasted into a letter to the sub-district."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from volunteer.domain.findings import Fault, Finding

SHOWN_OF_A_KIND = 20

FAULTS: Mapping[Fault, tuple[str, str]] = {
    Fault.TRANSFER_SHAPE: (
        "转账不成立：两边是同一个账户，或没有数额",
        "a transfer between one account and itself, or of nothing",
    ),
    Fault.LINE_MISSING: (
        "转账在存折里应有一笔明细，实际没有或多于一笔",
        "a transfer that is not printed exactly once in the passbook",
    ),
    Fault.LINE_UNFOUNDED: ("明细没有对应的转账", "a line whose transfer is gone"),
    Fault.LINE_DIFFERS: (
        "明细的数额与转账不符",
        "a line whose amounts are not its transfer's",
    ),
    Fault.LINE_FOREIGN: ("明细写在另一个社区名下", "a line filed under another community"),
    Fault.NUMBERING: (
        "明细编号不连续：有缺少、重复或插入",
        "lines are missing, repeated or slipped in",
    ),
    Fault.CHAIN_BROKEN: (
        "明细与上一笔的校验值接不上",
        "a line that does not follow the line before it",
    ),
    Fault.HASH_DIFFERS: (
        "明细或其转账在记账后被改动",
        "a line or its transfer was changed after it was posted",
    ),
    Fault.AFTER_DIFFERS: ("结余算不对", "a balance that does not add up"),
    Fault.FIGURES_DIFFER: (
        "存折总数与明细合计不符",
        "a passbook's figures are not what its lines add up to",
    ),
    Fault.PASSBOOK_MISSING: ("明细所属的存折不存在", "a line of a passbook that is gone"),
    Fault.OUT_OF_RANGE: ("数字超出范围或不是整数", "a figure out of bounds or no whole number"),
    Fault.SUM_NOT_ZERO: (
        "社区收支不平衡",
        "a community's passbooks do not balance with its transfers",
    ),
    Fault.CLEARING_DIFFERS: (
        "往来账户与转入转出的记录不一致",
        "a clearing account that differs from what the moves say",
    ),
    Fault.MOVE_DIFFERS: (
        "转出与转入的积分不一致",
        "points that left one community and did not arrive in the other",
    ),
    Fault.REVERSAL_DIFFERS: (
        "冲正与原转账不对应",
        "a reversal that does not mirror its transfer",
    ),
    Fault.REVERSED_TWICE: ("同一笔被冲正两次", "a transfer reversed twice"),
    Fault.ATTENDANCE_TWICE: (
        "同一人在同一场次有两条参与记录",
        "two attendances of one resident at one event",
    ),
    Fault.AWARD_DIFFERS: (
        "参与记录与存入的积分或时长不符",
        "an attendance whose awards are not what it was credited with",
    ),
    Fault.AWARD_FOREIGN: (
        "积分存入了别人的存折",
        "an award in another person's passbook",
    ),
    Fault.AWARD_UNFOUNDED: ("存入没有对应的参与记录", "an award without its attendance"),
    Fault.OPENING_UNAPPROVED: (
        "旧折结转没有经过另一个人复核",
        "an old passbook brought forward without a second person's approval",
    ),
    Fault.OPENING_DIFFERS: (
        "旧折结转与复核过的不符",
        "an old passbook brought forward that is not what was approved",
    ),
    Fault.OPENING_TWICE: (
        "同一本存折结转了两次旧折",
        "a passbook with two old ones brought forward",
    ),
    Fault.OPENING_UNPOSTED: (
        "旧折结转已复核，存折里却没有这一笔",
        "an old passbook that was approved, without its line",
    ),
    Fault.BOARD_DIFFERS: (
        "光荣榜与账本不符（可用 flask boards rebuild 重算）",
        "a board that is not what the ledger says (flask boards rebuild mends it)",
    ),
    Fault.UNREADABLE: (
        "有一行数据无法读取，后面的未能核对",
        "a row that cannot be read; what follows it was not looked at",
    ),
}

_FACTS: Mapping[str, tuple[str, str]] = {
    "community": ("社区", "community"),
    "passbook": ("存折", "passbook"),
    "account": ("账户", "account"),
    "entry_no": ("第几笔", "line"),
    "transfer": ("转账", "transfer"),
    "reverses": ("冲正的是", "reverses"),
    "attendance": ("参与记录", "attendance"),
    "event": ("场次", "event"),
    "resident": ("居民", "resident"),
    "side": ("方", "side"),
    "opening": ("旧折结转", "opening balance"),
    "board": ("榜", "board"),
    "subject": ("对象", "subject"),
    "period": ("时段", "period"),
    "figure": ("项目", "figure"),
    "written": ("现为", "is"),
    "expected": ("应为", "should be"),
}


def finding_lines(findings: Sequence[Finding]) -> Iterator[str]:
    """What was found, by kind: rule, words, then where; long lists are cut and counted."""
    counts = Counter(finding.fault for finding in findings)
    for fault, count in counts.items():
        chinese, english = FAULTS[fault]
        of_kind = [finding for finding in findings if finding.fault == fault]
        yield f"✕ {of_kind[0].rule}  {chinese} / {english}: {count}"
        for finding in of_kind[:SHOWN_OF_A_KIND]:
            yield f"    {where_words(finding)}"
        if count > SHOWN_OF_A_KIND:
            yield f"    … {count - SHOWN_OF_A_KIND}"


def where_words(finding: Finding) -> str:
    """The facts of a finding in one line, Chinese and English side by side."""
    return " · ".join(
        f"{_FACTS[name][0]}/{_FACTS[name][1]} {value}" for name, value in finding.facts.items()
    )


def counted_line(counts: Mapping[str, int]) -> str:
    """How much was looked at: ``passbooks``, ``lines``, ``transfers`` …"""
    words = {
        "passbooks": "存折 passbooks",
        "lines": "明细 lines",
        "transfers": "转账 transfers",
        "attendances": "参与记录 attendances",
        "board_totals": "光荣榜合计 board totals",
    }
    return " · ".join(f"{words[name]} {count:,}" for name, count in counts.items())


def result_line(findings: int) -> str:
    if findings == 0:
        return "✓ 账本核对无误。The ledger is whole."
    return f"✕ 账本核对发现 {findings} 处不符。The ledger has {findings} faults."
