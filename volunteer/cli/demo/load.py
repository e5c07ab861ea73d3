"""Loading the demo community: numbered chapters, each once, through the services.

A chapter is marked when it is done. Whatever stops a load, the next one starts at the first
chapter without its mark and looks in it for what is there already: places and people by name,
events by activity, start and place; a scan's id is made from whose it is, so a repeated batch gets
its first answers. Every call is given the time of the day it plays on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from volunteer.cli.demo import LAST_CHAPTER
from volunteer.cli.demo.founding import found_communities, found_logins, start_activities
from volunteer.cli.demo.history import ZONE, Session
from volunteer.cli.demo.moving_in import move_people_in
from volunteer.cli.demo.plan import DemoPlan, build_plan
from volunteer.cli.demo.progress import Progress, Terminal
from volunteer.cli.demo.replay import Replay
from volunteer.domain.tokens import Keys
from volunteer.queries.demo import read_chapters
from volunteer.services.demo_chapters import record_chapter
from volunteer.store.database import syncing_less

FIRST_START = "00 first start"
"""Not a chapter but the day it all counts back from: a load resumed tomorrow keeps to it."""


@dataclass(frozen=True)
class Chapter:
    """One numbered part of the demo. ``load`` gets a function that counts steps."""

    name: str
    title: str
    steps: int
    load: Callable[[Callable[[int], None]], None]


def load_demo(*, keys: Keys, now: datetime, out: Terminal) -> int:
    """Load every chapter that is not there yet; gives how many that were."""
    plan = build_plan(_first_start(now))
    loaded = read_chapters()
    missing = [chapter for chapter in chapters_of(plan, keys) if chapter.name not in loaded]
    if not missing:
        return 0
    progress = Progress(sum(chapter.steps for chapter in missing), out)
    with syncing_less():
        _load(missing, progress, now)
    progress.end("演示社区已就绪 / The demo community is ready")
    return len(missing)


def _load(missing: Sequence[Chapter], progress: Progress, now: datetime) -> None:
    for number, chapter in enumerate(missing, start=1):
        progress.begin(f"{number}/{len(missing)} {chapter.title}")
        before = progress.done_steps
        chapter.load(progress.step)
        # What a resumed chapter finds done is not counted by it.
        progress.step(chapter.steps - (progress.done_steps - before))
        record_chapter(chapter.name, now=now)


def is_loaded() -> bool:
    """Whether nothing of the demo is missing; only looks."""
    loaded = read_chapters()
    return FIRST_START in loaded and LAST_CHAPTER in loaded


def chapters_of(plan: DemoPlan, keys: Keys) -> Sequence[Chapter]:
    """All chapters in order; the names stay the same for the same first start."""
    opening = datetime.combine(plan.begins_on, time(9, 0), ZONE).astimezone(UTC)
    replay = Replay(plan, keys)
    chapters = [
        Chapter(
            "01 places",
            "社区与楼栋 / communities and buildings",
            sum(len(one.buildings) for one in plan.communities),
            lambda step: found_communities(plan, opening, step),
        ),
        Chapter(
            "02 people",
            "居民 / residents",
            sum(len(one.buildings) for one in plan.communities),
            lambda step: move_people_in(plan, opening + timedelta(days=1), keys, step),
        ),
        Chapter(
            "03 logins",
            "登录账号 / logins",
            16,
            lambda step: found_logins(plan, opening + timedelta(days=1), keys, step),
        ),
        Chapter(
            "04 activities",
            "活动 / activities",
            sum(len(one.activities) for one in plan.communities),
            lambda step: start_activities(plan, opening + timedelta(days=2), step),
        ),
    ]
    for number, (month, sessions) in enumerate(by_month(plan.sessions), start=len(chapters) + 1):
        chapters.append(
            Chapter(
                f"{number:02d} {month}",
                f"{month} 的活动 / events of {month}",
                len(sessions),
                lambda step, sessions=sessions: replay.play(sessions, step),  # type: ignore[misc]
            )
        )
    chapters.append(
        Chapter(LAST_CHAPTER, "接下来的活动 / coming events", 1, lambda _: replay.plan_ahead())
    )
    return chapters


def by_month(sessions: Sequence[Session]) -> list[tuple[str, list[Session]]]:
    """Sessions in order, month by month, as ``2025-03``."""
    return [
        (month, list(group))
        for month, group in groupby(sessions, key=lambda one: f"{one.local_date:%Y-%m}")
    ]


def _first_start(now: datetime) -> date:
    loaded = read_chapters()
    if FIRST_START not in loaded:
        record_chapter(FIRST_START, now=now)
        return now.astimezone(ZONE).date()
    return loaded[FIRST_START].astimezone(ZONE).date()
