"""The first day's checklist: what does not apply, when it is put away, and the points to begin
with. What is done is never written down: it is seen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from volunteer.domain.access import Scope
from volunteer.domain.first_day import SKIPPABLE, Preset
from volunteer.domain.refusals import Code, refuse
from volunteer.store.audit import Fact, record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.models import Community
from volunteer.store.rows import require_seen


def set_step_skipped(
    community_id: int, step: str, skipped: bool, *, by: int, now: datetime, scope: Scope
) -> None:
    """Mark a step as not for us, or take it up again. Raises Refused: ``not_found`` (also a step
    that nobody can do without)."""
    if step not in SKIPPABLE:
        raise refuse(Code.NOT_FOUND)

    def work(tx: Tx) -> None:
        before = _load(tx, community_id)
        steps = set(before.first_day.get("skipped", ()))
        if (step in steps) == skipped:
            return
        steps ^= {step}
        values = {"first_day": {**before.first_day, "skipped": sorted(steps)}}
        action = "first_step_left_out" if skipped else "first_step_taken_up"
        _record(tx, before, values, action, {"step": step}, by, now)

    transact(work, scope)


def end_first_day(community_id: int, *, ended: bool, by: int, now: datetime, scope: Scope) -> None:
    """Put the checklist away, or take it out again. Raises Refused: ``not_found``."""

    def work(tx: Tx) -> None:
        before = _load(tx, community_id)
        if (before.first_day_ended_at is not None) == ended:
            return
        values = {"first_day_ended_at": now if ended else None}
        action = "first_day_ended" if ended else "first_day_reopened"
        _record(tx, before, values, action, {}, by, now)

    transact(work, scope)


def choose_preset(community_id: int, preset: str, *, by: int, now: datetime, scope: Scope) -> None:
    """What new activities begin with; those that are there keep their rule. Raises Refused:
    ``not_found``, ``choice_missing``."""
    if preset not in tuple(Preset):
        raise refuse(Code.CHOICE_MISSING, field="preset")

    def work(tx: Tx) -> None:
        before = _load(tx, community_id)
        if before.points_preset != preset:
            facts = {"preset": preset}
            values = {"points_preset": preset}
            _record(tx, before, values, "points_preset_chosen", facts, by, now)

    transact(work, scope)


def _load(tx: Tx, community_id: int) -> Any:
    require_seen(tx, community_id)
    row = select(
        Community.id, Community.first_day, Community.first_day_ended_at, Community.points_preset
    ).where(Community.id == community_id)
    # Not FOR UPDATE: every scan's foreign keys share a lock on this row, and would wait for it.
    found = tx.run(row.with_for_update(key_share=True)).first()
    if found is None:
        raise refuse(Code.NOT_FOUND)
    return found


def _record(  # noqa: PLR0913, PLR0917 - what changes, in which words, by whom, when
    tx: Tx,
    before: Any,
    values: Mapping[str, Any],
    action: str,
    facts: Mapping[str, Fact],
    by: int,
    now: datetime,
) -> None:
    tx.run(update(Community).where(Community.id == before.id).values(**values))
    record_audit(
        tx,
        now=now,
        action=action,
        subject_kind="community",
        subject_id=before.id,
        community_id=before.id,
        login_id=by,
        facts=facts,
    )
