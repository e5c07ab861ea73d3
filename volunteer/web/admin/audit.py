"""/admin/audit: who did what, newest first. There is nothing to change here."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from volunteer.documents.audit_words import action_words, fact_words
from volunteer.domain.access import Permission
from volunteer.queries.audit import AuditFilter, read_actions, read_audit
from volunteer.web.admin.forms import kept_filters
from volunteer.web.asked import day_or_none, number_or_none
from volunteer.web.community import current_community
from volunteer.web.gate import needs, scope

blueprint = Blueprint("audit", __name__, url_prefix="/admin/audit")


@blueprint.get("")
@needs(Permission.SEE_AUDIT)
def audit() -> ResponseReturnValue:
    community = current_community()
    wanted = AuditFilter(
        action=request.args.get("action", ""),
        who=request.args.get("who", "")[:80].strip(),
        first_day=day_or_none(request.args.get("from")),
        last_day=day_or_none(request.args.get("to")),
        subject_ref=request.args.get("about", "")[:16],
    )
    before = number_or_none(request.args.get("before"))
    rows, older = read_audit(scope(), community.community_id, wanted, before_id=before)
    kept = kept_filters("action", "who", "from", "to", "about")
    actions = read_actions(scope(), community.community_id)
    return render_template(
        "admin/audit.html",
        community=community,
        rows=rows,
        wanted=wanted,
        filtered=bool(kept),
        actions=[(one, action_words(one)) for one in actions],
        action_words=action_words,
        fact_words=fact_words,
        newest_url=url_for("audit.audit", **kept) if before else None,
        older_url=url_for("audit.audit", **kept, before=older) if older else None,
    )
