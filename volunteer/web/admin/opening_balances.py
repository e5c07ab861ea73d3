"""/admin/opening-balances: old passbooks brought forward. One person writes the figures down, on a
person's page or by an import; another one approves, singly or in bulk, or sends back."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.messages import ngettext
from volunteer.documents.refusals import words_for
from volunteer.domain.access import Permission
from volunteer.domain.opening_balances import LONGEST_NOTE
from volunteer.domain.refusals import Code, Refusal, refuse
from volunteer.domain.reversal import LONGEST_REASON
from volunteer.queries.opening_balances import (
    SHOWS,
    OpeningRow,
    read_newest_opening,
    read_openings,
    read_openings_by_id,
    read_waiting_in_all,
)
from volunteer.queries.passbook import read_cover_by_ref
from volunteer.queries.roles import read_approvers
from volunteer.services import opening_balances as service
from volunteer.services.opening_balances import Approved, Written
from volunteer.web.admin import may, today
from volunteer.web.admin.forms import status_after
from volunteer.web.asked import number_or_none
from volunteer.web.community import current_community
from volunteer.web.dates import minutes_words
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("opening_balances", __name__)
LIST = "/admin/opening-balances"


class OldBookForm(FlaskForm):
    points = StringField(_l("Points in the old book"))
    hours = StringField(_l("Hours in the old book"))
    note = StringField(_l("Which book, which page"))


class SendBackForm(FlaskForm):
    reason = StringField(
        _l("Reason"), validators=[InputRequired(_l("Please write why it is sent back."))]
    )


@blueprint.get(LIST)
@needs(Permission.EDIT_PEOPLE)
def waiting() -> ResponseReturnValue:
    community = current_community()
    show = request.args.get("show", "")
    show = show if show in SHOWS else "waiting"
    after = number_or_none(request.args.get("after"))
    page = read_openings(scope(), community.community_id, show, after=after)
    approvers = read_approvers(scope(), community.community_id, today=today())
    return render_template(
        "admin/opening_balances.html",
        community=community,
        page=page,
        show=show,
        after=after,
        approvers=approvers,
        stuck=_stuck(page.rows if show == "waiting" else (), approvers),
        may_approve=may(Permission.APPROVE_RECORDS, community.community_id),
        may_edit_roles=may(Permission.EDIT_ROLES, community.community_id),
        may_see_ledger=may(Permission.SEE_LEDGER, community.community_id),
        my_login_id=me().login_id,
    )


def _stuck(rows: tuple[OpeningRow, ...], approvers: dict[int, str]) -> int:
    """How many of these nobody else may approve."""
    return sum(1 for row in rows if not approvers.keys() - {row.proposed_by_login_id})


@blueprint.post(LIST)
@needs(Permission.APPROVE_RECORDS)
def decide() -> ResponseReturnValue:
    """``one`` is the proposal of the button that was pressed; else everything that is ticked.
    Sending back needs a reason, on a page with the names."""
    community = current_community()
    outcome = request.form.get("outcome", "approved")
    ids = _ticked()
    if not ids:
        flash(_("Please tick at least one person."), "warning")
        return redirect(url_for("opening_balances.waiting"), 303)
    if outcome in ("ask", "sent_back"):
        return _send_back(community.community_id, ids, ask=outcome == "ask")
    approved = service.approve(
        community.community_id, ids, by=me().login_id, now=clock.now(), scope=scope()
    )
    _flash(approved)
    return redirect(url_for("opening_balances.waiting"), 303)


def _send_back(community_id: int, ids: list[int], *, ask: bool) -> ResponseReturnValue:
    form = SendBackForm()
    status: int | None = 200
    if not ask:
        status = status_after(
            form,
            lambda: service.send_back(
                community_id,
                ids,
                reason=form.reason.data or "",
                by=me().login_id,
                now=clock.now(),
                scope=scope(),
            ),
        )
    if status is None:
        flash(_("Sent back, with the reason."), "accepted")
        return redirect(url_for("opening_balances.waiting"), 303)
    rows = read_openings_by_id(scope(), community_id, ids)
    page = render_template(
        "admin/opening_balances_back.html", form=form, rows=rows, longest=LONGEST_REASON
    )
    return page, status


@blueprint.get(f"{LIST}/all")
@needs(Permission.APPROVE_RECORDS)
def everything() -> ResponseReturnValue:
    community = current_community()
    found = read_waiting_in_all(scope(), community.community_id, me().login_id)
    return render_template("admin/opening_balances_all.html", community=community, found=found)


@blueprint.post(f"{LIST}/all")
@needs(Permission.APPROVE_RECORDS)
def approve_everything() -> ResponseReturnValue:
    community = current_community()
    through = number_or_none(request.form.get("through")) or 0
    approved = service.approve_all(
        community.community_id, through, by=me().login_id, now=clock.now(), scope=scope()
    )
    _flash(approved)
    return redirect(url_for("opening_balances.waiting"), 303)


@blueprint.post(f"{LIST}/<int:opening_id>/withdraw")
@needs(Permission.EDIT_PEOPLE)
def withdraw(opening_id: int) -> ResponseReturnValue:
    service.withdraw(opening_id, by=me().login_id, now=clock.now(), scope=scope())
    flash(_("Taken off the list. Nothing was brought forward."), "accepted")
    return redirect(url_for("opening_balances.waiting"), 303)


@blueprint.route("/admin/people/<ref>/old-passbook", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def propose(ref: str) -> ResponseReturnValue:
    """Write down what stands in a person's paper book."""
    book = read_cover_by_ref(scope(), ref)
    if book is None:
        raise refuse(Code.NOT_FOUND)
    newest = read_newest_opening(scope(), book.community_id, book.resident_id)
    form = OldBookForm(data=_kept(newest))
    status = status_after(
        form,
        lambda: service.propose(
            book.resident_id,
            Written(form.points.data or "", form.hours.data or "", form.note.data or ""),
            by=me().login_id,
            now=clock.now(),
            scope=scope(),
        ),
    )
    if status is None:
        said = _("Written down. It is in the passbook once a second person has approved.")
        flash(said, "accepted")
        return redirect(url_for("people.resident", ref=ref))
    page = render_template(
        "admin/old_passbook.html",
        form=form,
        book=book,
        newest=newest,
        longest=LONGEST_NOTE,
        approvers=read_approvers(scope(), book.community_id, today=today()),
        my_login_id=me().login_id,
        may_edit_roles=may(Permission.EDIT_ROLES, book.community_id),
    )
    return page, status


def _kept(newest: OpeningRow | None) -> dict[str, str]:
    """What was written down before, to be corrected."""
    if newest is None or newest.state not in ("proposed", "sent_back", "reversed"):
        return {}
    hours, minutes = divmod(newest.minutes, 60)
    return {
        "points": str(newest.points or ""),
        "hours": (f"{hours}:{minutes:02}" if minutes else str(hours)) if newest.minutes else "",
        "note": newest.note,
    }


def _ticked() -> list[int]:
    wanted = request.form.getlist("one") or request.form.getlist("who")
    return [number for text in wanted if (number := number_or_none(text)) is not None]


def _flash(approved: Approved) -> None:
    if approved.posted:
        flash(
            ngettext(
                "%(num)d old passbook brought forward: %(points)s points, %(time)s.",
                "%(num)d old passbooks brought forward: %(points)s points, %(time)s.",
                approved.posted,
                points=f"{approved.points:,}",
                time=minutes_words(approved.minutes),
            ),
            "accepted",
        )
    for code, count in approved.refused.items():
        stays = ngettext("%(num)d stays as it is.", "%(num)d stay as they are.", count)
        flash(f"{stays} {words_for(Refusal(code))}", "warning")
