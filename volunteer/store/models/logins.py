"""Who signs in, whom they may act for, what they may do, and what was consented to."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.store.models.base import (
    Base,
    BigId,
    Digest,
    Id,
    Ref,
    Title,
    Word,
    Words,
    dates_in_order,
    in_community,
    one_of,
    same_community,
    whole,
)

GRANTED_ROLES = ("organizer", "counter_staff", "community_admin", "auditor", "sub_district_admin")


class Login(Base):
    """A sign-in identity: a phone number or a passbook number, with a password or a PIN.

    Of no community: one person may serve in several.
    """

    __tablename__ = "login"
    __table_args__ = (
        one_of("secret_kind", ("password", "pin")),
        one_of("locale", ("zh_Hans_CN", "en")),
        CheckConstraint("phone IS NOT NULL OR passbook_number IS NOT NULL", name="identified"),
    )

    id: Mapped[Id]
    name: Mapped[Title]
    phone: Mapped[str | None] = mapped_column(String(20), unique=True)
    """E.164, such as +8613800000001."""
    passbook_number: Mapped[str | None] = mapped_column(String(8), unique=True)
    secret_kind: Mapped[Word]
    secret_hash: Mapped[str | None] = mapped_column(String(255))
    locale: Mapped[Word | None]
    elder_mode: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    deactivated_at: Mapped[datetime | None]


class LoginResident(Base):
    """A login may act for a resident: themself, as a guardian, or as a helper."""

    __tablename__ = "login_resident"
    __table_args__ = in_community(
        one_of("relation", ("self", "guardian", "helper")),
        dates_in_order(),
        same_community("resident_id", "resident"),
        Index("ix_login_resident_login", "login_id"),
        Index("ix_login_resident_resident", "resident_id", "community_id"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    login_id: Mapped[Ref] = mapped_column(ForeignKey("login.id"))
    resident_id: Mapped[Ref]
    relation: Mapped[Word]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    """Last day; a link that staff take back at once has ``revoked_at`` as well."""
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class FamilyRequest(Base):
    """Somebody held a card's code in their hand and asks to act for its holder; staff answer."""

    __tablename__ = "family_request"
    __table_args__ = in_community(
        one_of("relation", ("guardian", "helper")),
        one_of("state", ("waiting", "confirmed", "returned", "withdrawn")),
        CheckConstraint(
            "(state = 'waiting') = (decided_at IS NULL)", name="decided_unless_waiting"
        ),
        CheckConstraint("(state = 'returned') = (reason IS NOT NULL)", name="returned_with_reason"),
        same_community("resident_id", "resident"),
        same_community("card_id", "card"),
        Index("ix_family_request_login", "login_id"),
        Index("ix_family_request_resident", "resident_id", "community_id"),
        Index(
            "uq_family_request_waiting",
            "login_id",
            "resident_id",
            unique=True,
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        # Every staff page counts what waits.
        Index(
            "ix_family_request_waiting",
            "community_id",
            "created_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    login_id: Mapped[Ref] = mapped_column(ForeignKey("login.id"))
    resident_id: Mapped[Ref]
    card_id: Mapped[Ref]
    relation: Mapped[Word]
    text_version: Mapped[Word | None]
    """The consent's text that a guardian agreed to with the request; None where none is needed."""
    state: Mapped[Word] = mapped_column(default="waiting")
    reason: Mapped[Words | None]
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))


class RoleGrant(Base):
    """A staff role over a community, or over a sub-district, from one date to another.

    The leader of an event is named on the event (``event_leader``), not here.
    """

    __tablename__ = "role_grant"
    __table_args__ = (
        one_of("role", GRANTED_ROLES),
        dates_in_order(),
        CheckConstraint("(community_id IS NULL) <> (sub_district_id IS NULL)", name="one_scope"),
        CheckConstraint(
            "(role = 'sub_district_admin') = (sub_district_id IS NOT NULL)", name="scope_fits_role"
        ),
        Index("ix_role_grant_login", "login_id"),
    )

    id: Mapped[Id]
    login_id: Mapped[Ref] = mapped_column(ForeignKey("login.id"))
    role: Mapped[Word]
    community_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("community.id"))
    sub_district_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("sub_district.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    """Last day; a role that is taken away at once has ``revoked_at`` as well."""
    revoked_at: Mapped[datetime | None]
    granted_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
    created_at: Mapped[datetime]


class SignInSession(Base):
    """One browser that is signed in; revoking it works on its next request."""

    __tablename__ = "sign_in_session"
    __table_args__ = (UniqueConstraint("token_hash"), Index("ix_sign_in_session_login", "login_id"))

    id: Mapped[Id]
    login_id: Mapped[Ref] = mapped_column(ForeignKey("login.id"))
    token_hash: Mapped[Digest]
    browser: Mapped[Title | None]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SignInThrottle(Base):
    """Tries that failed, counted by a keyed hash of what was typed and of the browser it came from.

    Not by login: a number that belongs to nobody is counted alike, so the answer tells nothing;
    and a browser the owner has used before is counted apart, so a stranger's guessing does not
    lock the owner out.
    """

    __tablename__ = "sign_in_throttle"
    __table_args__ = (whole("failures"), Index("ix_sign_in_throttle_tried_at", "tried_at"))

    key_hash: Mapped[Digest] = mapped_column(primary_key=True)
    failures: Mapped[int]
    tried_at: Mapped[datetime]
    blocked_until: Mapped[datetime | None]


class Consent(Base):
    """What was agreed to or withdrawn, in which text. Only grows; the newest row counts."""

    __tablename__ = "consent"
    __table_args__ = in_community(
        one_of("what", ("guardian_consent", "keep_record", "named_board")),
        same_community("resident_id", "resident"),
        Index("ix_consent_resident", "resident_id", "community_id", "what", "id"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    resident_id: Mapped[Ref]
    what: Mapped[Word]
    given: Mapped[bool]
    text_version: Mapped[Word]
    given_by: Mapped[Title]
    """Who agreed, as written on the form: themself or the guardian's name."""
    recorded_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
    given_at: Mapped[datetime]
