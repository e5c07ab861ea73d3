"""Background tasks: done once, chunk by chunk, by whichever runner is alive."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.domain.refusals import Code, Refused, refuse
from volunteer.domain.tasks import LEASE, LeaseLost, NewTask, Progress, TakenTask
from volunteer.jobs.runner import Runner
from volunteer.jobs.tasks import Chunk, TaskWorker
from volunteer.queries.tasks import TaskRow, read_task, read_tasks
from volunteer.services import tasks as service
from volunteer.store import models as m
from volunteer.store.database import Tx, db, transact
from volunteer.store.tasks import record_progress, record_task, require_held

STEP = 10


def ask(town: Town, total_steps: int = 35, kind: str = "count") -> int:
    return town.write(
        lambda tx: record_task(
            tx, town.community_id, NewTask(kind, {"to": total_steps}, total_steps), by=None,
            now=FRIDAY,
        )
    )  # fmt: skip


def counting(task: TakenTask, now: datetime) -> Progress:
    """Ten organisations a chunk, so that what was really written can be counted."""
    upto = min(task.done_steps + STEP, task.total_steps)

    def work(tx: Tx) -> Progress:
        require_held(tx, task)
        kind_id = tx.execute(select(m.OrganisationKind.id)).scalars().first()
        for step in range(task.done_steps, upto):
            tx.add(
                m.Organisation(
                    community_id=task.community_id, kind_id=kind_id, name=f"{task.task_id}-{step}"
                )
            )
        tx.flush()
        done = Progress(upto, {"counted": upto} if upto == task.total_steps else None)
        record_progress(tx, task, done, now)
        return done

    return transact(work, Scope.everything())


def counted(task_id: int) -> int:
    with db.engine.connect() as connection:
        names = connection.execute(select(m.Organisation.name)).scalars().all()
    return sum(name.startswith(f"{task_id}-") for name in names)


def task(task_id: int) -> TaskRow:
    found = read_task(Scope.everything(), task_id)
    db.session.remove()
    assert found
    return found


def worker(
    name: str = "one",
    chunk: Chunk = counting,
    *,
    now: datetime = FRIDAY,
    goes_on: Callable[[], bool] = lambda: True,
) -> TaskWorker:
    return TaskWorker({"count": chunk}, name, lambda: now, goes_on)


def test_a_task_is_done_in_chunks_and_keeps_its_result(both_town: Town) -> None:
    task_id = ask(both_town)
    seen: list[int] = []

    def watched(taken: TakenTask, now: datetime) -> Progress:
        seen.append(taken.done_steps)
        return counting(taken, now)

    assert task(task_id).state == "waiting"
    assert worker(chunk=watched).work_off() == 1
    done = task(task_id)
    assert (done.state, done.done_steps, done.result) == ("done", 35, {"counted": 35})
    assert seen == [0, 10, 20, 30]
    assert counted(task_id) == 35
    assert worker().work_off() == 0


def test_a_killed_runners_task_goes_on_after_its_lease_where_it_stopped(both_town: Town) -> None:
    task_id = ask(both_town)
    taken = service.take_task(["count"], "killed", now=FRIDAY)
    assert taken
    counting(taken, FRIDAY)  # one chunk, and then nobody hears of the runner again
    assert worker("next", now=FRIDAY + LEASE).work_off() == 0, "it may still be alive"
    assert worker("next", now=FRIDAY + LEASE + timedelta(seconds=1)).work_off() == 1
    assert task(task_id).state == "done"
    assert counted(task_id) == 35


def test_beats_keep_a_task(both_town: Town) -> None:
    ask(both_town)
    assert service.take_task(["count"], "alive", now=FRIDAY)
    later = FRIDAY + LEASE
    service.beat("alive", now=later)
    assert worker("next", now=later + timedelta(seconds=30)).work_off() == 0


def test_who_lost_the_lease_writes_nothing(both_town: Town) -> None:
    """A runner that slept through its lease wakes and does its chunk: it is rolled back whole."""
    task_id = ask(both_town)
    slept = service.take_task(["count"], "slept", now=FRIDAY)
    assert slept
    assert worker("next", now=FRIDAY + 2 * LEASE).work_off() == 1
    with pytest.raises(LeaseLost):
        counting(slept, FRIDAY + 2 * LEASE)
    assert counted(task_id) == 35
    assert task(task_id).state == "done"


def test_two_runners_do_each_task_once(both_town: Town, both_app: Flask) -> None:
    ids = [ask(both_town) for _ in range(4)]
    gate = threading.Barrier(2)
    taken: list[int] = []

    def run(name: str) -> None:
        with both_app.app_context():
            gate.wait()
            taken.append(worker(name).work_off())

    threads = [threading.Thread(target=run, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 4
    assert [counted(one) for one in ids] == [35] * 4
    assert {task(one).state for one in ids} == {"done"}


def test_a_runner_that_is_told_to_end_gives_its_task_back(both_town: Town) -> None:
    task_id = ask(both_town)
    answers = iter([True, False, False])
    assert worker("ending", goes_on=lambda: next(answers)).work_off() == 1
    given_back = task(task_id)
    assert (given_back.state, given_back.done_steps) == ("waiting", 10)
    assert worker("next").work_off() == 1
    assert counted(task_id) == 35


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (RuntimeError("no"), {"failed": "RuntimeError"}),
        (
            refuse(Code.NOT_FOUND, what="batch"),
            {"refused": "not_found", "facts": {"what": "batch"}},
        ),
    ],
)
def test_what_fails_says_so_and_can_be_tried_again(
    both_town: Town, error: Exception, result: dict[str, Any]
) -> None:
    def fails(taken: TakenTask, now: datetime) -> Progress:
        raise error

    first, second = ask(both_town), ask(both_town, kind="other")
    staff = both_town.login()
    kinds: dict[str, Chunk] = {"count": fails, "other": counting}
    assert TaskWorker(kinds, "one", lambda: FRIDAY, lambda: True).work_off() == 2
    assert (task(first).state, task(first).result) == ("failed", result)
    assert task(second).state == "done", "the others go on"
    scope = Scope.of(both_town.community_id)
    service.try_again(first, by=staff, now=FRIDAY, scope=scope)
    assert worker().work_off() == 1
    assert task(first).state == "done"
    with pytest.raises(Refused) as caught:
        service.try_again(first, by=staff, now=FRIDAY, scope=scope)
    assert caught.value.refusal.code is Code.CHANGED_MEANWHILE


def test_an_outage_leaves_the_task_to_go_on(
    both_town: Town, both_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    task_id, outages = ask(both_town), [True]

    def shaky(taken: TakenTask, now: datetime) -> Progress:
        if taken.done_steps == STEP and outages:
            outages.pop()
            raise OperationalError("SELECT 1", {}, Exception("gone"))
        return counting(taken, now)

    runner = Runner(both_app, {}, lambda: FRIDAY, tasks={"count": shaky})
    assert runner.work_off_tasks() == 0
    assert "cannot work on tasks" in caplog.text
    assert task(task_id).state == "running"
    runner.beat()
    assert runner.work_off_tasks() == 1, "its own beats do not keep it from itself"
    assert counted(task_id) == 35


def test_a_task_is_its_communitys(both_town: Town) -> None:
    task_id = ask(both_town)
    other = Scope.of(both_town.community("景华社区"))
    assert read_task(other, task_id) is None
    assert read_tasks(other, both_town.community_id) == []
    scope = Scope.of(both_town.community_id)
    assert [one.task_id for one in read_tasks(scope, both_town.community_id)] == [task_id]
    with pytest.raises(Refused) as caught:
        service.try_again(task_id, by=both_town.login(), now=FRIDAY, scope=other)
    assert caught.value.refusal.code is Code.NOT_FOUND
