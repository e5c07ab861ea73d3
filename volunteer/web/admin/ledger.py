"""/admin/ledger: find a passbook, read its lines, take one back with a reason."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired

from volunteer import clock
from volunteer.documents import statement
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.access import Permission
from volunteer.domain.passbook_number import format_number
from volunteer.domain.people_search import parse_people_search
from volunteer.domain.refusals import Code, refuse
from volunteer.domain.reversal import LONGEST_REASON, REVERSIBLE
from volunteer.queries.ledger import (
    JournalRow,
    read_is_minor,
    read_journal,
    read_reversal_preview,
)
from volunteer.queries.passbook import (
    KINDS,
    PassbookCover,
    Wanted,
    read_cover_by_ref,
    read_covers,
    read_lines,
)
from volunteer.queries.passbook_lines import ExplainedLine, read_explained_line
from volunteer.queries.people import PeopleFilter, find_person, read_people
from volunteer.services.people import record_minor_opened
from volunteer.services.reversal import reverse_transfer
from volunteer.web.admin import may, today
from volunteer.web.admin.forms import status_after
from volunteer.web.asked import number_or_none
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope
from volunteer.web.language import pick
from volunteer.web.passbook import KIND_WORDS
from volunteer.web.passbook_words import explain, print_line

blueprint = Blueprint("ledger", __name__, url_prefix="/admin/ledger")


class ReversalForm(FlaskForm):
    reason = StringField(
        _l("Reason"),
        validators=[InputRequired(_l("Please write the reason; it stays with the line for ever."))],
    )


@blueprint.get("")
@needs(Permission.SEE_LEDGER)
def ledger() -> ResponseReturnValue:
    """The newest lines of everybody, or the passbooks that a search finds."""
    community = current_community()
    text = request.args.get("q", "").strip()
    search = parse_people_search(text)
    if text:
        ref = find_person(scope(), community.community_id, search)
        if ref:
            return redirect(url_for("ledger.book", ref=ref))
        wanted = PeopleFilter(search=search, state="all")
        found = read_people(scope(), community.community_id, wanted, 1, today=today())
        covers = read_covers(scope(), [row.resident_id for row in found.rows])
        return render_template(
            "admin/ledger_found.html", q=text, search=search, found=found, covers=covers
        )
    before_id = number_or_none(request.args.get("before"))
    rows, older = read_journal(scope(), community.community_id, before_id=before_id)
    return render_template(
        "admin/ledger.html",
        community=community,
        rows=rows,
        summary_of=_summary,
        older_url=url_for("ledger.ledger", before=older) if older else None,
        newest_url=url_for("ledger.ledger") if before_id else None,
    )


@blueprint.get("/<ref>")
@needs(Permission.SEE_LEDGER)
def book(ref: str) -> ResponseReturnValue:
    cover = _find(ref)
    year = number_or_none(request.args.get("year"))
    kind = request.args.get("kind")
    wanted = Wanted(
        year=year if year in cover.years else None,
        kind=kind if kind in KINDS else None,
        before=number_or_none(request.args.get("before")),
        after=number_or_none(request.args.get("after")),
    )
    found = read_lines(scope(), cover, wanted)
    kept: dict[str, Any] = {"ref": ref, "year": wanted.year, "kind": wanted.kind}
    return render_template(
        "admin/ledger_book.html",
        book=cover,
        number=format_number(cover.passbook_number),
        wanted=wanted,
        kinds=[("" if kind is None else kind, words) for kind, words in KIND_WORDS.items()],
        lines=[
            print_line(line, cover, clock.now(), wanted.year, endpoint="ledger.line")
            for line in found.lines
        ],
        newer_url=url_for("ledger.book", **kept, after=found.newer_after)
        if found.newer_after
        else None,
        older_url=url_for("ledger.book", **kept, before=found.older_before)
        if found.older_before
        else None,
    )


@blueprint.get("/<ref>/<int:entry_no>")
@needs(Permission.SEE_LEDGER)
def line(ref: str, entry_no: int) -> ResponseReturnValue:
    cover = _find(ref)
    explained = _explained(cover, entry_no)
    reversible = explained.code in REVERSIBLE and explained.reversed_by_no is None
    return render_template(
        "admin/ledger_line.html",
        book=cover,
        line=explained,
        slip=explain(explained, cover, me().login_id),
        number=format_number(cover.passbook_number),
        url_of=lambda number: url_for("ledger.line", ref=ref, entry_no=number),
        may_reverse=reversible and may(Permission.REVERSE_TRANSFERS, cover.community_id),
    )


@blueprint.route("/<ref>/<int:entry_no>/reverse", methods=["GET", "POST"])
@needs(Permission.REVERSE_TRANSFERS)
def reverse(ref: str, entry_no: int) -> ResponseReturnValue:
    """What taking the line back would do, and the reason for it."""
    cover = _find(ref)
    explained = _explained(cover, entry_no)
    form = ReversalForm()

    def save() -> None:
        reverse_transfer(
            explained.transfer_id,
            reason=form.reason.data or "",
            by=me().login_id,
            now=clock.now(),
            scope=scope(),
        )

    status = status_after(form, save)
    if status is None:
        flash(_("Line %(no)s is reversed; the reason stands with it.", no=entry_no), "accepted")
        return redirect(url_for("ledger.book", ref=ref))
    page = render_template(
        "admin/ledger_reverse.html",
        form=form,
        book=cover,
        line=explained,
        slip=explain(explained, cover, me().login_id),
        number=format_number(cover.passbook_number),
        preview=read_reversal_preview(scope(), cover, explained.transfer_id),
        longest=LONGEST_REASON,
    )
    return page, status


def _find(ref: str) -> PassbookCover:
    """The passbook behind a ref; a minor's is noted, as everywhere staff look at one."""
    cover = read_cover_by_ref(scope(), ref)
    if cover is None:
        raise refuse(Code.NOT_FOUND)
    if read_is_minor(scope(), cover, today()):
        record_minor_opened(cover.resident_id, by=me().login_id, now=clock.now(), scope=scope())
    return cover


def _explained(cover: PassbookCover, entry_no: int) -> ExplainedLine:
    explained = read_explained_line(scope(), cover, entry_no)
    if explained is None:
        raise refuse(Code.TRANSFER_UNKNOWN)
    return explained


def _summary(row: JournalRow) -> str:
    activity = pick(row.activity_name, row.activity_name_en) if row.activity_name else None
    return statement.summary(row.code, activity)
