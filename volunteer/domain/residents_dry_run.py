"""The dry run of a sheet of residents: what would become of each row, with nothing written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from volunteer.domain.building_names import building_key, split_place
from volunteer.domain.residents_import import Reading, SheetPerson, read_person
from volunteer.domain.residents_matching import (
    Changes,
    Fate,
    Match,
    Register,
    decide_changes,
    known_from_row,
)

MOST_UNPLACED = 300


@dataclass(frozen=True)
class Chosen:
    """What staff said of a row in doubt: it means this resident, somebody new, or nobody."""

    fate: Fate
    resident_id: int | None = None


@dataclass(frozen=True)
class Line:
    """A row below the header. `number` is the one that the spreadsheet program shows."""

    row_id: int
    number: int
    cells: Sequence[str]
    chosen: Chosen | None = None


@dataclass(frozen=True)
class LineFate:
    """What would become of a line. `same_as` is the number of an earlier row of the same person;
    `changes` are those of an update, empty when it is as it is already."""

    line: Line
    fate: Fate
    person: SheetPerson
    match: Match
    resident_id: int | None = None
    changes: Changes | None = None
    same_as: int | None = None

    @property
    def chosen_by_staff(self) -> bool:
        return self.line.chosen is not None and self.line.chosen.fate is self.fate


@dataclass(frozen=True)
class Unplaced:
    """A building that nobody knows by that name: how it is written, in how many rows."""

    written: str
    count: int
    first_number: int


def decide_lines(lines: Iterable[Line], reading: Reading, register: Register) -> list[LineFate]:
    """The fate of each line, the ones before it seen as known people. What staff chose stays where
    the line is still in doubt."""
    numbers: dict[int, int] = {}
    meant: dict[int, int] = {}
    fates = []
    for line in lines:
        person = read_person(line.cells, reading)
        found = _decide_line(line, person, register.match(person), register)
        if found.fate is Fate.NEW:
            one = known_from_row(line.row_id, person)
            register.add(one)
            numbers[one.resident_id] = line.number
        same_as = None
        if found.fate is Fate.SKIP and found.match.fate is Fate.SKIP:
            same_as = numbers.get(found.match.candidates[0])
        elif found.fate is Fate.UPDATE and found.resident_id is not None:
            same_as = meant.get(found.resident_id)
            meant.setdefault(found.resident_id, line.number)
        if same_as is not None:
            found = LineFate(line, Fate.SKIP, person, found.match, same_as=same_as)
        fates.append(found)
    return fates


def _decide_line(line: Line, person: SheetPerson, match: Match, register: Register) -> LineFate:
    fate, resident_id = match.fate, None
    chosen = line.chosen
    if fate is Fate.ASK and chosen is not None:
        offered = chosen.resident_id is None or chosen.resident_id in match.candidates
        if offered:
            fate, resident_id = chosen.fate, chosen.resident_id
    elif fate is Fate.UPDATE:
        resident_id = match.candidates[0]
    known = register.get(resident_id) if resident_id is not None else None
    changes = decide_changes(person, known) if fate is Fate.UPDATE and known else None
    return LineFate(line, fate, person, match, resident_id, changes)


def decide_unplaced(fates: Iterable[LineFate]) -> list[Unplaced]:
    """The buildings to be matched, the most frequent first: 幸福里9栋402 and 幸福里九栋 are one."""
    found: dict[str, Unplaced] = {}
    for one in fates:
        if one.fate is Fate.ERROR or not one.person.is_unplaced:
            continue
        written, _ = split_place(one.person.written_place)
        key = building_key(written)
        before = found.get(key)
        found[key] = (
            Unplaced(before.written, before.count + 1, before.first_number)
            if before
            else Unplaced(written, 1, one.line.number)
        )
    most = sorted(found.values(), key=lambda one: (-one.count, one.first_number))
    return most[:MOST_UNPLACED]
