"""A spreadsheet of residents, as it is understood: which row is the header, what the columns are,
what a row says of a person. Whom it means is ``residents_matching``'s.

Columns are guessed by their words; staff correct the guess. Identity card numbers are taken out
before anything is kept, whatever their column is called.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from hashlib import sha256

from volunteer.domain.age import AgeBand, decide_birth
from volunteer.domain.building_names import find_place, plain_room, split_place
from volunteer.domain.names import clean_line, parse_name
from volunteer.domain.opening_balances import parse_hours, parse_points
from volunteer.domain.passbook_number import digits_typed, is_passbook_number
from volunteer.domain.phone import parse_phone
from volunteer.domain.refusals import Code, Refusal

HEADER_WITHIN = 15
LONGEST_ROOM = 40
LONGEST_NUMBER = 40

Cells = Sequence[str]


class Field(StrEnum):
    """What a column holds; a column without one is left out."""

    NAME = "name"
    NAME_EN = "name_en"
    PHONE = "phone"
    BUILDING = "building"
    ROOM = "room"
    BIRTH_DATE = "birth_date"
    AGE = "age"
    VOLUNTEER_NUMBER = "volunteer_number"
    PASSBOOK_NUMBER = "passbook_number"
    OLD_POINTS = "old_points"
    OLD_HOURS = "old_hours"


_WORDS: Mapping[Field, tuple[str, ...]] = {
    Field.NAME_EN: ("英文名", "外文名", "english name", "name in english"),
    Field.PASSBOOK_NUMBER: ("存折号", "passbook"),
    Field.VOLUNTEER_NUMBER: ("义工号", "志愿者号", "志愿者编号", "义工编号", "volunteer n"),
    Field.OLD_POINTS: ("积分", "points"),
    Field.OLD_HOURS: ("时长", "小时数", "hours"),
    Field.NAME: ("姓名", "名字", "居民", "名称", "name"),
    Field.PHONE: ("手机", "电话", "联系方式", "phone", "mobile", "telephone"),
    Field.BIRTH_DATE: ("出生", "生日", "birth"),
    Field.AGE: ("年龄", "岁数", "age"),
    Field.ROOM: ("房号", "房间", "门牌", "室号", "户号", "room"),
    Field.BUILDING: ("楼栋", "栋号", "幢", "栋", "楼号", "地址", "住址", "building", "address"),
}
_FORBIDDEN = re.compile(r"身份证|证件号|id card|identity", re.IGNORECASE)
_NOBODY = re.compile(r"监护人|家长|紧急|亲属|guardian|emergency", re.IGNORECASE)
"""Whoever such a column is about, it is not the person of the row."""
_ID_NUMBER = re.compile(
    r"(?<!\d)[1-9]\d{5}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)"
)


@dataclass(frozen=True)
class Problem:
    """What is wrong with a cell: which column, and the refusal in words that fit it."""

    field: str
    refusal: Refusal


@dataclass(frozen=True)
class SheetPerson:
    """A row as it was understood. `written_place` is what stood there for the building."""

    name: str = ""
    name_en: str | None = None
    phone: str | None = None
    written_place: str = ""
    building_id: int | None = None
    room: str | None = None
    birth_date: date | None = None
    age_band: str | None = None
    volunteer_number: str | None = None
    passbook_number: str | None = None
    old_points: int = 0
    old_minutes: int = 0
    problems: tuple[Problem, ...] = ()
    says_age: bool = True
    """Its age stands in the row, and is not the one that was chosen for rows without."""

    @property
    def is_unplaced(self) -> bool:
        return bool(self.written_place) and self.building_id is None

    @property
    def has_old_book(self) -> bool:
        return bool(self.old_points or self.old_minutes)

    @property
    def kept_room(self) -> str | None:
        """The room as it is kept: behind the building's name while nobody has matched that."""
        written = f"{self.written_place} {self.room or ''}" if self.is_unplaced else self.room
        return (written or "").strip()[:LONGEST_ROOM] or None


@dataclass(frozen=True)
class Reading:
    """How the rows are to be read. `buildings`: by key, see ``building_names.buildings_by_key``."""

    columns: Mapping[int, Field]
    buildings: Mapping[str, int]
    today: date
    default_age_band: str | None = None


def without_identity_numbers(rows: Sequence[Cells]) -> tuple[list[tuple[str, ...]], list[str]]:
    """`rows` without identity card numbers, and the headings of the columns that held some.

    A column is emptied when a heading of the first rows says so; anywhere else the number is cut
    out of its cell. Sex, household registration and the rest are left to the choice of columns.
    """
    forbidden: dict[int, str] = {}
    for row in rows[:HEADER_WITHIN]:
        for place, cell in enumerate(row):
            if _FORBIDDEN.search(cell) and len(cell) <= 20:
                forbidden.setdefault(place, cell)
    cleaned = []
    for row in rows:
        cells = []
        for place, cell in enumerate(row):
            if place in forbidden:
                cells.append(cell if cell == forbidden[place] else "")
                continue
            bare = _ID_NUMBER.sub("", cell)
            if bare != cell:
                forbidden.setdefault(place, "")
                bare = bare.strip()
            cells.append(bare)
        cleaned.append(tuple(cells))
    return cleaned, [heading or f"#{place + 1}" for place, heading in sorted(forbidden.items())]


def guess_header(rows: Sequence[Cells]) -> int:
    """The place in `rows` of the header: the row with the most headings in it; the first wins."""
    scores = [
        len(guess_columns(headings(rows, place))) for place in range(len(rows[:HEADER_WITHIN]))
    ]
    return scores.index(max(scores)) if scores else 0


def headings(rows: Sequence[Cells], header: int) -> list[str]:
    """The words over each column; under a merged heading the ones above it count as well."""
    row, above = list(rows[header]), list(rows[header - 1]) if header else []
    width = max(len(row), len(above))
    row += [""] * (width - len(row))
    above += [""] * (width - len(above))
    if not _known(above):
        return row
    return [cell or over for cell, over in zip(row, above, strict=True)]


def header_key(header: Cells) -> bytes:
    """The same for the same headings, however they are spaced: how the last such sheet was read."""
    words = [clean_line(heading).casefold().replace(" ", "") for heading in header]
    while words and not words[-1]:
        words.pop()
    return sha256("\x1f".join(words).encode()).digest()


def guess_columns(header: Cells) -> dict[int, Field]:
    """What each column holds, by its heading; each thing is found once, in the first column."""
    found: dict[int, Field] = {}
    for place, heading in enumerate(header):
        words = clean_line(heading).casefold()
        if not words or len(words) > 20 or _FORBIDDEN.search(words) or _NOBODY.search(words):
            continue
        for field, known in _WORDS.items():
            if field not in found.values() and any(word in words for word in known):
                found[place] = field
                break
    return found


def _known(header: Cells) -> bool:
    return bool(guess_columns(header))


def read_person(cells: Cells, reading: Reading) -> SheetPerson:
    """One row as a person, with everything that is wrong with it."""
    written = {
        field: clean_line(cells[place])
        for place, field in reading.columns.items()
        if place < len(cells)
    }
    problems: list[Problem] = []

    def note(field: Field, parsed: str | Refusal) -> str:
        if isinstance(parsed, Refusal):
            problems.append(Problem(field, parsed))
            return ""
        return parsed

    name = note(Field.NAME, parse_name(written.get(Field.NAME, "")))
    name_en, phone = written.get(Field.NAME_EN, ""), written.get(Field.PHONE, "")
    if name_en:
        name_en = note(Field.NAME_EN, parse_name(name_en))
    if phone:
        phone = note(Field.PHONE, parse_phone(phone))
    number = digits_typed(written.get(Field.PASSBOOK_NUMBER, ""))
    if number and not is_passbook_number(number):
        problems.append(Problem(Field.PASSBOOK_NUMBER, Refusal(Code.NUMBER_INVALID)))
    person = SheetPerson(
        name=name,
        name_en=name_en or None,
        phone=phone or None,
        volunteer_number=written.get(Field.VOLUNTEER_NUMBER, "")[:LONGEST_NUMBER] or None,
        passbook_number=number or None,
    )
    person = _with_old_book(person, written, problems)
    person = _with_age(person, written, reading, problems)
    return replace(_placed(person, written, reading), problems=tuple(problems))


def _with_old_book(
    person: SheetPerson, written: Mapping[Field, str], problems: list[Problem]
) -> SheetPerson:
    """What stood in the paper passbook; it is proposed, and a second person approves it."""
    figures = []
    for field, parse in ((Field.OLD_POINTS, parse_points), (Field.OLD_HOURS, parse_hours)):
        parsed = parse(written.get(field, ""))
        if isinstance(parsed, Refusal):
            problems.append(Problem(field, parsed))
        figures.append(parsed if isinstance(parsed, int) else 0)
    return replace(person, old_points=figures[0], old_minutes=figures[1])


def _placed(person: SheetPerson, written: Mapping[Field, str], reading: Reading) -> SheetPerson:
    place, room = written.get(Field.BUILDING, ""), written.get(Field.ROOM, "")
    room = (plain_room(room) or "")[:LONGEST_ROOM]
    found = find_place(place, reading.buildings) if place else None
    if found is None and not place and room:
        # 12-402 in a column that is called room
        found = find_place(room, reading.buildings)
        if found is None and split_place(room)[1]:
            place = room
        room = "" if found or place else room
    return replace(
        person,
        written_place=place,
        building_id=found.building_id if found else None,
        room=room or (found.room if found else None) or None,
    )


def _with_age(
    person: SheetPerson,
    written: Mapping[Field, str],
    reading: Reading,
    problems: list[Problem],
) -> SheetPerson:
    age = written.get(Field.AGE, "")
    born = _birth(written.get(Field.BIRTH_DATE, ""))
    if born is None and _DAY.fullmatch(age):
        # A birth date among the ages.
        born, age = _birth(age), ""
    if isinstance(born, Refusal):
        problems.append(Problem(Field.BIRTH_DATE, born))
        return person
    band = _age_band(age)
    if isinstance(band, Refusal):
        problems.append(Problem(Field.AGE, band))
        return person
    band = None if born else band or reading.default_age_band
    refusal = decide_birth(born, band, reading.today)
    if refusal:
        problems.append(Problem(Field.BIRTH_DATE if born else Field.AGE, refusal))
    says_age = bool(born or written.get(Field.AGE))
    return replace(person, birth_date=born, age_band=band, says_age=says_age)


_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?: 00:00:00)?")
_SERIAL_ZERO = date(1899, 12, 30)


def _birth(written: str) -> date | Refusal | None:
    """1956-03-01, 1956/3/1, 1956.3.1, 1956年3月1日, 19560301, or a spreadsheet's day number."""
    if not written:
        return None
    parts = _DAY.fullmatch(written)
    digits = written if written.isascii() and written.isdigit() else ""
    try:
        if parts:
            return date(int(parts[1]), int(parts[2]), int(parts[3]))
        if len(digits) == 8:
            return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return Refusal(Code.DATE_INVALID)
    if len(digits) == 5:
        return _SERIAL_ZERO + timedelta(days=int(digits))
    return Refusal(Code.DATE_INVALID)


_BANDS: tuple[tuple[AgeBand, tuple[str, ...]], ...] = (
    (AgeBand.UNDER_14, ("14岁以下", "14以下", "未满14", "儿童", "小孩", "幼儿", "under 14")),
    (AgeBand.FROM_14_TO_17, ("14-17", "14至17", "14—17", "14–17", "14到17", "青少年")),
    (AgeBand.ADULT, ("18岁以上", "18以上", "18+", "成人", "成年", "老人", "老年", "adult")),
)


def _age_band(written: str) -> str | Refusal | None:
    """35, 35岁, 成人, 14-17岁; a minor without a year is not guessed."""
    if not written:
        return None
    text = written.casefold().replace(" ", "")
    for band, words in _BANDS:
        if any(word.replace(" ", "") in text for word in words) and "未成年" not in text:
            return band
    years = re.fullmatch(r"(\d{1,3})(?:周?岁)?", text)
    if years and int(years[1]) <= 130:
        age = int(years[1])
        return (
            AgeBand.UNDER_14 if age < 14 else AgeBand.FROM_14_TO_17 if age < 18 else AgeBand.ADULT
        )
    return Refusal(Code.BIRTH_DATE_OR_AGE_BAND_REQUIRED)
