"""Two years of sessions for the demo, adding up to exactly what the report says. Pure.

The report gives two sums: 120 resident-and-youth activities with 1,500 person-times, and 420
sessions of the Friday environment day with 8,500. When, where and with whom is made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from volunteer.cli.demo.logins import GUARDIAN, RESIDENT
from volunteer.cli.demo.people import LITTLE_PATROL, YOUNG_HOSTS, PersonPlan

ZONE = ZoneInfo("Asia/Shanghai")
FRIDAY_DAY = "环境品质提升日"
HOME_SAFETY = "居家安全宣传"
SITES_EACH_FRIDAY = 4


@dataclass(frozen=True)
class Present:
    """One person at one session; ``left_at``: checked out by themself, or left before the end."""

    person: int
    checked_in_at: datetime
    left_at: datetime | None
    provenance: str


@dataclass(frozen=True)
class Session:
    """One event of the history, with everybody who came, the leader among them."""

    activity: str
    place: str
    place_en: str
    starts_at: datetime
    ends_at: datetime
    leader: int
    present: tuple[Present, ...]

    @property
    def local_date(self) -> date:
        return self.starts_at.astimezone(ZONE).date()


@dataclass(frozen=True)
class Site:
    place: str
    place_en: str
    starts: time
    minutes: int


FRIDAY_SITES = (
    Site("梅富村东片主巷", "East part, main lane", time(16, 0), 90),
    Site("梅富村西片小广场", "West part, small square", time(16, 0), 90),
    Site("街市周边", "Around the market", time(9, 0), 120),
    Site("排洪渠步道", "Canal footpath", time(9, 0), 120),
    Site("一巷至四巷", "Lanes 1 to 4", time(19, 0), 60),
)
GROUP_SITES = {
    HOME_SAFETY: Site("梅富村楼栋入户", "Door to door in the village", time(19, 0), 90),
    YOUNG_HOSTS: Site("社区党群服务中心", "Community service centre", time(10, 0), 120),
    LITTLE_PATROL: Site("梅富村街巷", "The village lanes", time(16, 30), 60),
}
_GROUP_WEEKDAYS = {HOME_SAFETY: 2, YOUNG_HOSTS: 6, LITTLE_PATROL: 5}


@dataclass(frozen=True)
class Sums:
    """What the report adds up to."""

    friday_sessions: int
    friday_person_times: int
    group_sessions: int
    group_person_times: int


def two_years_before(first_start: date) -> date:
    """The first day of a history that ends on the day before ``first_start``."""
    try:
        return first_start.replace(year=first_start.year - 2)
    except ValueError:  # 29 February
        return first_start.replace(year=first_start.year - 2, day=28)


def plan_history(people: Sequence[PersonPlan], first_start: date, sums: Sums) -> list[Session]:
    """Every session from two years before ``first_start`` to the day before it, in order."""
    days = [
        two_years_before(first_start) + timedelta(days=number)
        for number in range((first_start - two_years_before(first_start)).days)
    ]
    casting = _Casting(people)
    sessions = _fridays(casting, days, sums) + _groups(casting, days, sums)
    return sorted(sessions, key=lambda session: (session.starts_at, session.place))


def split(total: int, parts: int, between: tuple[int, int], random: Random) -> list[int]:
    """``parts`` uneven whole numbers within ``between`` that add up to exactly ``total``."""
    low, high = between
    assert low * parts <= total <= high * parts
    sizes = [total // parts + (number < total % parts) for number in range(parts)]
    for _ in range(parts * 8):
        more, fewer = random.randrange(parts), random.randrange(parts)
        if more != fewer and sizes[more] < high and sizes[fewer] > low:
            sizes[more] += 1
            sizes[fewer] -= 1
    return sizes


class _Casting:
    """Draws who comes: the eager more often, nobody to two places at the same hour."""

    def __init__(self, people: Sequence[PersonPlan]) -> None:
        self.people = people
        self.adults = [n for n, person in enumerate(people) if person.consent_by is None]
        by_eagerness = sorted(self.adults, key=lambda n: -people[n].eagerness)
        # Whoever tries the plain resident or the guardian shall see what residents see.
        plain = {RESIDENT.name, GUARDIAN.name}
        may_lead = [n for n in by_eagerness if people[n].name not in plain]
        self.ranks = {n: rank for rank, n in enumerate(may_lead)}
        self.leaders = may_lead[:16]

    def rank(self, n: int) -> int:
        """The most eager lead; those who never do come last."""
        return self.ranks.get(n, len(self.people))

    def members(self, youth_group: str) -> list[int]:
        return [n for n, person in enumerate(self.people) if person.youth_group == youth_group]

    def draw(self, among: Iterable[int], count: int, random: Random) -> list[int]:
        """``count`` different people, weighted by eagerness (Efraimidis and Spirakis)."""
        keyed = {n: random.random() ** (1 / self.people[n].eagerness) for n in among}
        drawn = sorted(keyed, key=lambda n: -keyed[n])[:count]
        assert len(drawn) == count, "not enough people for the session"
        return drawn


def _fridays(casting: _Casting, days: Sequence[date], sums: Sums) -> list[Session]:
    fridays = [day for day in days if day.weekday() == 4]
    random = Random("friday")
    left_over = sums.friday_sessions - SITES_EACH_FRIDAY * len(fridays)
    step = len(fridays) / max(left_over, 1)
    with_fifth = {fridays[int(number * step)] for number in range(left_over)}
    sizes = iter(split(sums.friday_person_times, sums.friday_sessions, (12, 30), random))
    sessions = []
    for day in fridays:
        sites = FRIDAY_SITES[: SITES_EACH_FRIDAY + (day in with_fifth)]
        counts = [next(sizes) for _ in sites]
        today = casting.draw(casting.adults, sum(counts), random)
        for site, count in zip(sites, counts, strict=True):
            here, today = today[:count], today[count:]
            # Whoever leads best among those who came anyway.
            leader = min(here, key=casting.rank)
            sessions.append(_session(FRIDAY_DAY, site, day, leader, here))
    return sessions


def _groups(casting: _Casting, days: Sequence[date], sums: Sums) -> list[Session]:
    """Home safety in the evenings, the two youth groups at weekends: a third each."""
    random = Random("groups")
    sizes = iter(split(sums.group_person_times, sums.group_sessions, (8, 18), random))
    sessions = []
    for number, (name, site) in enumerate(GROUP_SITES.items()):
        weekdays = [day for day in days if day.weekday() == _GROUP_WEEKDAYS[name]]
        share = sums.group_sessions // 3 + (number < sums.group_sessions % 3)
        step = len(weekdays) / share
        for day in (weekdays[int(turn * step)] for turn in range(share)):
            count = next(sizes)
            leader = random.choice(casting.leaders)
            among = casting.adults if name == HOME_SAFETY else casting.members(name)
            others = casting.draw((n for n in among if n != leader), count - 1, random)
            sessions.append(_session(name, site, day, leader, [leader, *others]))
    return sessions


def _session(activity: str, site: Site, day: date, leader: int, people: list[int]) -> Session:
    random = Random(f"{activity} {site.place} {day}")
    starts_at = datetime.combine(day, site.starts, ZONE).astimezone(UTC)
    ends_at = starts_at + timedelta(minutes=site.minutes)
    return Session(
        activity=activity,
        place=site.place,
        place_en=site.place_en,
        starts_at=starts_at,
        ends_at=ends_at,
        leader=leader,
        present=tuple(
            _present(n, n == leader, activity, (starts_at, ends_at), random) for n in people
        ),
    )


def _present(
    person: int, leads: bool, activity: str, window: tuple[datetime, datetime], random: Random
) -> Present:
    starts_at, ends_at = window
    arrives = starts_at + timedelta(seconds=random.randint(-900, -300 if leads else 900))
    left_at = None
    if activity == HOME_SAFETY and random.random() < 0.9:
        left_at = ends_at + timedelta(seconds=random.randint(-600, 0))
    elif not leads and random.random() < 0.05:
        left_at = ends_at - timedelta(minutes=random.randint(15, 40))
    provenance = "roll_call" if random.random() < 0.2 else "card_scan"
    return Present(person, arrives, left_at, provenance)
