"""/passbook: the book of a resident this person acts for, and each of its lines explained."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from volunteer import clock
from volunteer.documents import statement
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.access import ActsFor, Principal, Relation, Scope
from volunteer.domain.passbook_number import format_number
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.passbook import (
    KINDS,
    LINES_A_PAGE,
    LinesPage,
    PassbookCover,
    Wanted,
    read_lines,
    read_passbooks_of,
)
from volunteer.queries.passbook_lines import read_explained_line
from volunteer.web.gate import me, signed_in
from volunteer.web.language import pick
from volunteer.web.passbook_words import explain, print_line
from volunteer.web.whose import chosen

PRINTED_LINES = 500
KIND_WORDS = {
    None: _l("All lines"),
    "award": _l("Paid in"),
    "redeemed": _l("Redeemed"),
    "correction": _l("Corrections"),
}

blueprint = Blueprint("passbook", __name__)


@blueprint.get("/passbook")
@signed_in
def passbook() -> ResponseReturnValue:
    books = my_books(me())
    if not books:
        return render_template("passbook/none.html")
    return _page(books, book_of_chosen(me(), books) or books[0])


@blueprint.get("/passbook/<ref>")
@signed_in
def of(ref: str) -> ResponseReturnValue:
    books = my_books(me())
    return _page(books, _book(books, ref))


@blueprint.get("/passbook/<ref>/print")
@signed_in
def printed(ref: str) -> ResponseReturnValue:
    """A year on paper, in the order it was posted, as a bank's book prints it."""
    book = _book(my_books(me()), ref)
    year, after = _year(book), _number("after") or 0
    found = read_lines(_scope_of(book), book, Wanted(year=year, after=after), PRINTED_LINES)
    lines = [print_line(line, book, None, year) for line in reversed(found.lines)]
    return render_template(
        "passbook/print.html",
        book=book,
        number=format_number(book.passbook_number),
        lines=lines,
        year=year,
        check_code=statement.check_code(book.head_hash) if book.last_entry_no else None,
        now=clock.now(),
        next_url=url_for("passbook.printed", ref=ref, year=year, after=found.newer_after)
        if found.newer_after
        else None,
    )


@blueprint.get("/passbook/<ref>/<int:entry_no>")
@signed_in
def line(ref: str, entry_no: int) -> ResponseReturnValue:
    book = _book(my_books(me()), ref)
    explained = read_explained_line(_scope_of(book), book, entry_no)
    if explained is None:
        raise refuse(Code.TRANSFER_UNKNOWN)
    return render_template(
        "passbook/line.html",
        book=book,
        line=explained,
        number=format_number(book.passbook_number),
        back_url=_page_with(book, entry_no),
        slip=explain(explained, book, me().login_id),
        url_of=lambda number: url_for("passbook.line", ref=ref, entry_no=number),
    )


# ---- Books and lines -----------------------------------------------------------------------


def my_books(person: Principal) -> list[PassbookCover]:
    """The passbooks this person may open: their own first, guest passbooks after their home."""
    order = {one.resident_id: place for place, one in enumerate(_own_first(person.acts_for))}
    scope = Scope(frozenset(one.community_id for one in person.acts_for))
    books = read_passbooks_of(scope, order) if order else []
    last = len(order)  # of who moved on twice, the first passbook of all
    return sorted(
        books, key=lambda book: (order.get(book.owner_id, last), book.is_guest or book.is_past)
    )


def book_of_chosen(person: Principal, books: list[PassbookCover]) -> PassbookCover | None:
    """The book of whoever was chosen on this phone, else the first; None when there is none."""
    resident = chosen(person)
    ref = resident.ref if resident else None
    return next((book for book in books if book.ref == ref), books[0] if books else None)


def _own_first(acts_for: Iterable[ActsFor]) -> list[ActsFor]:
    return sorted(acts_for, key=lambda one: one.relation is not Relation.SELF)


def _book(books: list[PassbookCover], ref: str) -> PassbookCover:
    for book in books:
        if book.ref == ref:
            return book
    raise refuse(Code.NOT_FOUND)


def _scope_of(book: PassbookCover) -> Scope:
    """Whoever may open the book may read it, be it a guest's in a community of others."""
    return Scope.of(book.community_id)


def _page(books: list[PassbookCover], book: PassbookCover) -> ResponseReturnValue:
    now = clock.now()
    kind = request.args.get("kind")
    wanted = Wanted(
        year=_year(book),
        kind=kind if kind in KINDS else None,
        before=_number("before"),
        after=_number("after"),
    )
    found = read_lines(_scope_of(book), book, wanted)
    return render_template(
        "passbook/passbook.html",
        books=_switch(books, book),
        people=me().acts_for,
        whose_ref=_owner_ref(books, book),
        book=book,
        number=format_number(book.passbook_number),
        wanted=wanted,
        lines=[print_line(line, book, now, wanted.year) for line in found.lines],
        year_tabs=_year_tabs(book, wanted),
        kind_tabs=_kind_tabs(book, wanted),
        newer_url=_url(book, wanted, after=found.newer_after) if found.newer_after else None,
        older_url=_url(book, wanted, before=found.older_before) if found.older_before else None,
        looked_through=found.looked_through,
        summary=_summary(book, found),
    )


def _number(name: str) -> int | None:
    """A whole number of the address; anything else is as if it were not there."""
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST[name] else None


_LONGEST = {"year": 4, "before": 12, "after": 12}


def _year(book: PassbookCover) -> int | None:
    """The year of the address, if the book has one like it."""
    year = _number("year")
    return year if year in book.years else None


def _url(
    book: PassbookCover, wanted: Wanted, before: int | None = None, after: int | None = None
) -> str:
    """The address of a page of lines; what is None is left out of it."""
    return url_for(
        "passbook.of",
        ref=book.ref,
        year=wanted.year,
        kind=wanted.kind,
        before=before,
        after=after,
    )


def _page_with(book: PassbookCover, entry_no: int) -> str:
    """The page on which a line stands, with as many lines above it as below."""
    newest = entry_no + LINES_A_PAGE // 2
    return url_for(
        "passbook.of",
        ref=book.ref,
        before=newest if newest <= book.last_entry_no else None,
        _anchor=f"line-{entry_no}",
    )


def _owner_ref(books: list[PassbookCover], shown: PassbookCover) -> str:
    """Of the person whose book is shown, be it a guest's or one of before."""
    home = (book.ref for book in books if book.resident_id == shown.owner_id)
    return next(home, shown.ref)


def _switch(books: list[PassbookCover], shown: PassbookCover) -> list[dict[str, Any]]:
    """Tabs between the books of one person: at home, as a guest elsewhere, of before a move."""
    own = me().own
    books = [book for book in books if book.owner_id == shown.owner_id]
    if len(books) < 2:
        return []
    return [
        {
            "label": _book_label(book, own),
            "url": url_for("passbook.of", ref=book.ref),
            "active": book is shown,
        }
        for book in books
    ]


def _book_label(book: PassbookCover, own: ActsFor | None) -> str:
    name = pick(book.name, book.name_en)
    if book.is_guest:
        community = pick(book.community_name, book.community_name_en)
        return str(_("%(name)s, guest of %(community)s", name=name, community=community))
    if book.is_past:
        community = pick(book.community_name, book.community_name_en)
        return str(_("%(name)s, before in %(community)s", name=name, community=community))
    if own is not None and own.resident_id == book.resident_id:
        return str(_("%(name)s (me)", name=name))
    return name


def _year_tabs(book: PassbookCover, wanted: Wanted) -> list[dict[str, Any]]:
    years: list[int | None] = [None, *book.years]
    return [
        {
            "label": _("All") if year is None else str(year),
            "url": url_for("passbook.of", ref=book.ref, year=year, kind=wanted.kind),
            "active": year == wanted.year,
        }
        for year in years
    ]


def _kind_tabs(book: PassbookCover, wanted: Wanted) -> list[dict[str, Any]]:
    return [
        {
            "label": words,
            "url": url_for("passbook.of", ref=book.ref, year=wanted.year, kind=kind),
            "active": kind == wanted.kind,
        }
        for kind, words in KIND_WORDS.items()
    ]


def _summary(book: PassbookCover, found: LinesPage) -> str:
    if not found.lines:
        return ""
    first, last = found.lines[-1].entry_no, found.lines[0].entry_no
    return str(
        _("Lines %(first)s–%(last)s of %(all)s", first=first, last=last, all=book.last_entry_no)
    )
