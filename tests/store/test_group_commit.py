"""Jobs that come together share a transaction; each gets its own answer, or its own error."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from volunteer.store import group_commit
from volunteer.store.database import OutcomeUnknown
from volunteer.store.group_commit import GroupCommit

MOST = 10


class Desk:
    """A commit that can be held up, so that others come meanwhile."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.groups: list[list[int]] = []
        self.open = threading.Event()
        self.open.set()
        self.at_work = threading.Event()
        self.fault: Callable[[Sequence[int]], BaseException | None] = lambda _jobs: None
        self.pool = ThreadPoolExecutor(20)
        self.commits: GroupCommit[int, int] = GroupCommit(self.record, MOST)

    def record(self, gather: Callable[[], Sequence[int]]) -> list[int]:
        jobs = gather()
        self.groups.append(list(jobs))
        self.at_work.set()
        assert self.open.wait(10)
        if error := self.fault(jobs):
            raise error
        return [job * 10 for job in jobs]

    def send(self, job: int, weight: int = 1, key: str = "one") -> int:
        with self.app.app_context():
            return self.commits.run(key, job, weight)

    def waiting(self, key: str = "one") -> int:
        queue = self.commits._queues.get(key)
        return len(queue.waiting) if queue else 0


@pytest.fixture
def desk(app: Flask) -> Desk:
    return Desk(app)


def behind_a_leader(
    desk: Desk, jobs: Sequence[int], weights: Sequence[int] = ()
) -> tuple[Future[int], list[Future[int]]]:
    """Job 0 leads and is held up; ``jobs`` wait behind it in this order."""
    pool = desk.pool
    desk.open.clear()
    desk.at_work.clear()
    first = pool.submit(desk.send, 0)
    assert desk.at_work.wait(10)
    behind = []
    for job, weight in itertools.zip_longest(jobs, weights, fillvalue=1):
        behind.append(pool.submit(desk.send, job, weight))
        while desk.waiting() < len(behind):
            time.sleep(0.001)
    return first, behind


def test_a_job_alone_goes_at_once(desk: Desk) -> None:
    assert desk.send(4) == 40
    assert desk.groups == [[4]]
    assert not desk.commits._queues


def test_those_who_come_meanwhile_go_together(desk: Desk) -> None:
    first, behind = behind_a_leader(desk, [1, 2, 3])
    assert not any(one.done() for one in (first, *behind)), "nobody is answered before the commit"
    desk.open.set()
    assert first.result(10) == 0
    assert [one.result(10) for one in behind] == [10, 20, 30]
    assert desk.groups == [[0], [1, 2, 3]]
    assert not desk.commits._queues


def test_a_leader_takes_along_who_comes_until_its_transaction_has_begun(app: Flask) -> None:
    begins, began = threading.Event(), threading.Event()
    groups = []

    def record(gather: Callable[[], Sequence[int]]) -> Sequence[int]:
        began.set()
        assert begins.wait(10)
        groups.append(list(gather()))
        return groups[-1]

    commits: GroupCommit[int, int] = GroupCommit(record, MOST)

    def send(job: int) -> int:
        with app.app_context():
            return commits.run("one", job, 1)

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(send, 0)
        assert began.wait(10)
        behind = [pool.submit(send, job) for job in (1, 2)]
        while len(commits._queues["one"].waiting) < 2:
            time.sleep(0.001)
        begins.set()
        assert [one.result(10) for one in (first, *behind)] == [0, 1, 2]
    assert [sorted(group) for group in groups] == [[0, 1, 2]]


def test_only_after_a_group_does_a_leader_wait_for_company(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "PATIENCE_SECONDS", 5)
    assert desk.send(9) == 90, "alone: at once"
    first, group = behind_a_leader(desk, [1, 2, 3], [4, 4, 2])
    late = [desk.pool.submit(desk.send, job) for job in (4, 5)]
    while desk.waiting() < 5:
        time.sleep(0.001)
    began = time.monotonic()
    desk.open.set()
    assert [one.result(10) for one in (first, *group)] == [0, 10, 20, 30]
    more = [desk.pool.submit(desk.send, job) for job in (6, 7)]
    answers = [one.result(10) for one in (*late, *more)]
    assert answers == [40, 50, 60, 70]
    assert time.monotonic() - began < 5, "it goes when its company is there"
    assert [sorted(one) for one in desk.groups] == [[9], [0], [1, 2, 3], [4, 5, 6, 7]]


def test_a_group_carries_no_more_than_it_may(desk: Desk) -> None:
    first, behind = behind_a_leader(desk, [1, 2, 3, 4], [4, 6, 1, 50])
    desk.open.set()
    assert [one.result(10) for one in (first, *behind)] == [0, 10, 20, 30, 40]
    assert desk.groups == [[0], [1, 2], [3], [4]]


def test_another_key_does_not_wait(desk: Desk) -> None:
    first, _ = behind_a_leader(desk, [])
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(desk.send, 7, 1, "other")
        while len(desk.groups) < 2:
            time.sleep(0.001)
        desk.open.set()
        assert (first.result(10), other.result(10)) == (0, 70)
    assert desk.groups == [[0], [7]]


def test_ones_own_mistake_is_ones_own(desk: Desk) -> None:
    desk.fault = lambda jobs: ValueError("two") if 2 in jobs else None
    first, behind = behind_a_leader(desk, [1, 2, 3])
    desk.open.set()
    assert first.result(10) == 0
    assert behind[0].result(10) == 10
    with pytest.raises(ValueError, match="two"):
        behind[1].result(10)
    assert behind[2].result(10) == 30
    assert desk.groups == [[0], [1, 2, 3], [1], [2], [3]]


@pytest.mark.parametrize(
    "error", [OutcomeUnknown(), OperationalError("COMMIT", {}, Exception("disk full"))]
)
def test_a_database_that_fails_fails_them_all_once(desk: Desk, error: Exception) -> None:
    desk.fault = lambda jobs: error if 2 in jobs else None
    first, behind = behind_a_leader(desk, [1, 2, 3])
    desk.open.set()
    assert first.result(10) == 0
    for one in behind:
        with pytest.raises(type(error)):
            one.result(10)
    assert desk.groups == [[0], [1, 2, 3]]
    assert desk.send(5) == 50, "and the next one finds the way free"


def test_a_leader_that_is_ended_leaves_nobody_waiting(desk: Desk) -> None:
    desk.fault = lambda jobs: SystemExit() if 1 in jobs else None
    first, behind = behind_a_leader(desk, [1, 2])
    with ThreadPoolExecutor(1) as pool:
        desk.open.set()
        assert first.result(10) == 0
        with pytest.raises(SystemExit):
            behind[0].result(10)
        with pytest.raises(OutcomeUnknown):
            behind[1].result(10)
        assert pool.submit(desk.send, 3).result(10) == 30


def test_a_crowd_is_answered_to_the_last(desk: Desk) -> None:
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(desk.send, range(2000)))
    assert answers == [job * 10 for job in range(2000)]
    assert sorted(job for group in desk.groups for job in group) == list(range(2000))
    assert max(len(group) for group in desk.groups) <= MOST
    assert not desk.commits._queues
