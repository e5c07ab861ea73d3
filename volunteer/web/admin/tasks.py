"""/admin/tasks/…: how far background work is, and what came of it.

The page reloads itself while the work goes on, with a header and no script, so it says when done
on the oldest phone too.
"""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from volunteer import clock
from volunteer.documents import task_words as words
from volunteer.documents.messages import gettext as _
from volunteer.domain.access import Permission
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.tasks import TaskRow, read_task
from volunteer.services import tasks as service
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("tasks", __name__, url_prefix="/admin/tasks")

RELOAD_SECONDS = 2


@blueprint.get("/<int:task_id>")
@needs(Permission.EDIT_PEOPLE)
def task(task_id: int) -> ResponseReturnValue:
    found = _find(task_id)
    page = make_response(
        render_template(
            "admin/task.html",
            task=found,
            words=words,
            percent=100 * found.done_steps // max(found.total_steps, 1),
            silent=found.is_silent(clock.now()),
            result_url=_result_url(found),
        )
    )
    if found.is_open:
        page.headers["Refresh"] = str(RELOAD_SECONDS)
    return page


@blueprint.post("/<int:task_id>/again")
@needs(Permission.EDIT_PEOPLE)
def again(task_id: int) -> ResponseReturnValue:
    _find(task_id)
    service.try_again(task_id, by=me().login_id, now=clock.now(), scope=scope())
    flash(_("It goes on from where it stopped."), "accepted")
    return redirect(url_for("tasks.task", task_id=task_id))


def _result_url(found: TaskRow) -> str | None:
    """Where what came of it is shown in full."""
    batch_id = found.arguments.get("batch_id")
    if found.kind.startswith("residents_import") and batch_id:
        return url_for("imports.batch", batch_id=batch_id)
    return None


def _find(task_id: int) -> TaskRow:
    found = read_task(scope(), task_id)
    if found is None:
        raise refuse(Code.NOT_FOUND)
    return found
