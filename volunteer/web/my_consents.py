"""/me/consents: what I agreed to for myself and for my children, given and taken back."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import HiddenField

from volunteer import clock
from volunteer.documents.consent_words import TAKING_BACK, TEXTS
from volunteer.documents.messages import gettext as _
from volunteer.documents.register_words import CONSENTS
from volunteer.domain.access import ActsFor
from volunteer.domain.consents import TEXT_VERSIONS, Consent
from volunteer.domain.family import consents_to_answer
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.me import OwnAnswer, OwnConsents, read_own_consents
from volunteer.services.consents import answer_myself
from volunteer.web.admin.forms import status_after
from volunteer.web.dates import local_day
from volunteer.web.gate import me, signed_in

blueprint = Blueprint("my_consents", __name__, url_prefix="/me/consents")


@dataclass(frozen=True)
class Question:
    """``answer`` is None while nobody has answered."""

    what: Consent
    answer: OwnAnswer | None

    @property
    def agreed(self) -> bool:
        return self.answer is not None and self.answer.given


class AnswerForm(FlaskForm):
    given = HiddenField()


@blueprint.get("")
@signed_in
def consents() -> ResponseReturnValue:
    found = read_own_consents(me(), local_day(clock.now()))
    people = [
        (one, _questions(one, found[one.resident_id]))
        for one in me().acts_for
        if one.resident_id in found
    ]
    return render_template(
        "me/consents.html",
        people=[(one, questions) for one, questions in people if questions],
        words=CONSENTS,
    )


@blueprint.route("/<ref>/<what>", methods=["GET", "POST"])
@signed_in
def answer(ref: str, what: str) -> ResponseReturnValue:
    resident, question = _asked(ref, what)
    form = AnswerForm(given="no" if question.agreed else "yes")
    status = status_after(
        form,
        lambda: answer_myself(
            resident,
            question.what,
            form.given.data == "yes",
            principal=me(),
            now=clock.now(),
        ),
    )
    if status is None:
        flash(_("Written down. It counts from now on."), "accepted")
        return redirect(url_for("my_consents.consents"), 303)
    return render_template(
        "me/consent.html",
        form=form,
        resident=resident,
        question=question,
        label=CONSENTS[question.what],
        texts=TEXTS[question.what],
        taking_back=TAKING_BACK[question.what],
        version=TEXT_VERSIONS[question.what],
    ), status


def _asked(ref: str, what: str) -> tuple[ActsFor, Question]:
    """Raises Refused: ``not_found`` for a question that is not this person's to answer."""
    resident = me().resident_by_ref(ref)
    if resident is not None:
        found = read_own_consents(me(), local_day(clock.now()))[resident.resident_id]
        for question in _questions(resident, found):
            if question.what == what:
                return resident, question
    raise refuse(Code.NOT_FOUND)


def _questions(resident: ActsFor, found: OwnConsents) -> list[Question]:
    """In the order of the table of words."""
    mine = consents_to_answer(resident.relation, found.band)
    return [Question(what, found.answers.get(what)) for what in Consent if what in mine]
