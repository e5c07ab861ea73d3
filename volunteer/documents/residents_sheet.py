"""Residents as a spreadsheet that the import reads: an empty one to fill in, and everybody.

Both languages stand here and not in the catalogue: a file's language is chosen with the file, and
its headings must be those that ``domain.residents_import`` knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol

from volunteer.documents.spreadsheet import write_xlsx
from volunteer.domain.age import AgeBand
from volunteer.domain.residents_import import Field

SHAPE = (
    Field.NAME,
    Field.NAME_EN,
    Field.PHONE,
    Field.BUILDING,
    Field.ROOM,
    Field.BIRTH_DATE,
    Field.AGE,
    Field.VOLUNTEER_NUMBER,
    Field.PASSBOOK_NUMBER,
    Field.OLD_POINTS,
    Field.OLD_HOURS,
)
"""The columns, in order. A person's age band stands in the age column; what an old passbook brings
forward is written in once, and never saved again."""

_HEADINGS: Mapping[Field, tuple[str, str]] = {
    Field.NAME: ("姓名", "Name"),
    Field.NAME_EN: ("英文名", "English name"),
    Field.PHONE: ("手机", "Phone"),
    Field.BUILDING: ("楼栋", "Building"),
    Field.ROOM: ("房号", "Room"),
    Field.BIRTH_DATE: ("出生日期", "Birth date"),
    Field.AGE: ("年龄", "Age"),
    Field.VOLUNTEER_NUMBER: ("义工号", "Volunteer number"),
    Field.PASSBOOK_NUMBER: ("存折号", "Passbook number"),
    Field.OLD_POINTS: ("旧积分", "Old points"),
    Field.OLD_HOURS: ("旧时长", "Old hours"),
}
_BANDS: Mapping[str, tuple[str, str]] = {
    AgeBand.UNDER_14: ("14岁以下", "Under 14"),
    AgeBand.FROM_14_TO_17: ("14-17岁", "14-17"),
    AgeBand.ADULT: ("18岁以上", "18+"),
}
_TITLES = ("居民", "Residents")
_HOW_TITLES = ("填写说明", "How to fill it in")
_HOW: Sequence[tuple[str, str, str, str]] = (
    ("列", "要填什么", "Column", "What goes in"),
    ("姓名", "必填。一人一行。", "Name", "Needed. One person a row."),
    ("英文名", "没有就空着。", "English name", "Leave it empty when there is none."),
    ("手机", "没有就空着；孩子可以填家长的手机。", "Phone",
     "Leave it empty when there is none; a child may have a parent's."),
    ("楼栋", "怎么习惯怎么写：12栋、十二栋、梅富村12号都认得。", "Building",
     "As you usually write it: 12栋 and 梅富村12号 are both understood."),
    ("房号", "402、2单元402。", "Room", "402, for example."),
    ("出生日期", "1956-03-01、1956年3月1日都可以。", "Birth date", "1956-03-01, for example."),
    ("年龄", "不知道出生日期时填：35、18岁以上、14-17岁、14岁以下。", "Age",
     "When the birth date is not known: 35, 18+, 14-17, under 14."),
    ("义工号", "志愿服务平台上的编号，没有就空着。", "Volunteer number",
     "The number on the volunteer platform, if there is one."),
    ("存折号", "已有爱心存折的人填，新来的人空着。", "Passbook number",
     "For people who have a love passbook; empty for those who are new."),
    ("旧积分", "纸质存折上的积分；要第二个人复核后才记入。", "Old points",
     "Points in the paper passbook; a second person approves them."),
    ("旧时长", "纸质存折上的时长：12.5 或 12:30。", "Old hours",
     "Hours in the paper passbook: 12.5 or 12:30."),
    ("身份证号", "请不要填；填了也不会保存。", "Identity card number",
     "Please leave it out; it would not be kept."),
)  # fmt: skip


class Exported(Protocol):
    """What is written of a person."""

    @property
    def name(self) -> str: ...
    @property
    def name_en(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def building(self) -> str | None: ...
    @property
    def room(self) -> str | None: ...
    @property
    def birth_date(self) -> date | None: ...
    @property
    def age_band(self) -> str | None: ...
    @property
    def volunteer_number(self) -> str | None: ...
    @property
    def passbook_number(self) -> str: ...


def headings(*, english: bool) -> list[str]:
    """The first row."""
    return [_HEADINGS[field][english] for field in SHAPE]


def template_xlsx(*, english: bool) -> bytes:
    """An empty sheet with the headings, and a second one that says what goes in."""
    notes = [row[2:] if english else row[:2] for row in _HOW]
    return write_xlsx(
        _TITLES[english], [headings(english=english)], notes=(_HOW_TITLES[english], notes)
    )


def everybody_xlsx(people: Iterable[Exported], *, english: bool) -> bytes:
    """Residents in the shape of the template; imported again it changes nothing."""
    rows = [headings(english=english), *(_row(one, english) for one in people)]
    return write_xlsx(_TITLES[english], rows)


def _row(one: Exported, english: bool) -> list[str]:
    band = _BANDS[one.age_band][english] if one.age_band and not one.birth_date else ""
    return [
        one.name,
        one.name_en or "",
        one.phone or "",
        one.building or "",
        one.room or "",
        one.birth_date.isoformat() if one.birth_date else "",
        band,
        one.volunteer_number or "",
        one.passbook_number,
        "",
        "",
    ]
