"""A small community to test in: rows written straight into the tables, with sensible defaults.

The clock of the tests stands at ``FRIDAY``: 2026-11-20, a Friday, 16:30 in Shanghai, in the
middle of ``town.event()``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import insert, select
from werkzeug.security import generate_password_hash

from volunteer.domain.access import Scope
from volunteer.domain.names import initials_of, pinyin_of
from volunteer.domain.passbook_number import card_number, passbook_number_from
from volunteer.domain.tokens import Keys, card_code, card_code_hash
from volunteer.store import models as m
from volunteer.store.database import Tx, transact
from volunteer.store.ledger import open_passbooks, open_system_accounts

T = TypeVar("T")

FRIDAY = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
STARTS_AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
ENDS_AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SINCE = date(2024, 1, 1)
PASSWORD = "love-passbook"
# Cheap on purpose: the cost of scrypt is Werkzeug's to test.
_PASSWORD_HASH = generate_password_hash(PASSWORD, "pbkdf2:sha256:1")


class Town:
    """Builds rows; every method gives the new row's id."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.keys = Keys.derive(app.extensions["config"].secret_key.encode())
        self._serial = itertools.count(1)
        self.sub_district_id = self._add(m.SubDistrict, name="莲花街道", name_en="Lianhua")
        self.community_id = self.community("梅富社区", "Meifu")
        self.organisation_id = self.organisation("梅富社区居委会")
        self.area_id = self._add(
            m.Area, community_id=self.community_id, kind="urban_village_block", name="梅富村"
        )

    def write(self, work: Callable[[Tx], T]) -> T:
        return transact(work, Scope.everything())

    def _add(self, model: type[m.Base], **values: Any) -> int:
        def work(tx: Tx) -> int:
            row = model(**values)
            tx.add(row)
            tx.flush()
            return int(row.id)  # type: ignore[attr-defined]

        return self.write(work)

    def community(self, name: str, name_en: str | None = None, **more: Any) -> int:
        def work(tx: Tx) -> int:
            row = m.Community(
                sub_district_id=self.sub_district_id,
                name=name,
                name_en=name_en,
                telephone="0755-12345678",
                created_at=FRIDAY,
                **more,
            )
            tx.add(row)
            tx.flush()
            open_system_accounts(tx, row.id)
            return row.id

        return self.write(work)

    def organisation(self, name: str, community_id: int | None = None) -> int:
        community_id = community_id or self.community_id
        serial = next(self._serial)
        kind_id = self._add(
            m.OrganisationKind, community_id=community_id, code=f"kind_{serial}", name="居委会"
        )
        return self._add(
            m.Organisation,
            community_id=community_id,
            kind_id=kind_id,
            name=f"{name}{serial}",
        )

    def building(self, name: str, **more: Any) -> int:
        return self._add(
            m.Building, community_id=self.community_id, area_id=self.area_id, name=name, **more
        )

    def alias(self, building_id: int, alias: str) -> int:
        return self._add(
            m.BuildingAlias, community_id=self.community_id, building_id=building_id, alias=alias
        )

    def youth_group(self, name: str) -> int:
        return self._add(m.YouthGroup, community_id=self.community_id, name=name)

    def resident(
        self,
        name: str = "陈秀英",
        *,
        building_id: int | None = None,
        youth_group_id: int | None = None,
        community_id: int | None = None,
        **more: Any,
    ) -> int:
        """A resident with a passbook; 18 or older unless told otherwise."""
        community_id = community_id or self.community_id
        serial = next(self._serial)
        if "birth_date" not in more:
            more.setdefault("age_band", "18_plus")

        def work(tx: Tx) -> int:
            row = m.Resident(
                community_id=community_id,
                ref=f"r{serial:09d}",
                passbook_number=passbook_number_from(serial * 7919),
                name=name,
                pinyin=pinyin_of(name),
                initials=initials_of(name),
                seal_nonce=serial.to_bytes(32),
                created_at=FRIDAY - timedelta(days=100),
                **more,
            )
            tx.add(row)
            tx.flush()
            open_passbooks(tx, community_id, [row.id])
            return row.id

        resident_id = self.write(work)
        if building_id is not None:
            self._add(
                m.Residence,
                community_id=community_id,
                resident_id=resident_id,
                building_id=building_id,
                starts_on=SINCE,
            )
        if youth_group_id is not None:
            self._add(
                m.Membership,
                community_id=community_id,
                resident_id=resident_id,
                youth_group_id=youth_group_id,
                starts_on=SINCE,
            )
        return resident_id

    def consent(
        self, resident_id: int, what: str = "guardian_consent", *, given: bool = True
    ) -> int:
        return self._add(
            m.Consent,
            community_id=self.community_id,
            resident_id=resident_id,
            what=what,
            given=given,
            text_version="1",
            given_by="家长",
            given_at=FRIDAY,
        )

    def card(self, resident_id: int | None, issue: int = 1, **more: Any) -> tuple[int, str, str]:
        """A card's id, number and code."""

        def passbook_number(tx: Tx) -> str:
            if resident_id is None:
                return passbook_number_from(next(self._serial) * 7919)
            return tx.execute(
                select(m.Resident.passbook_number).where(m.Resident.id == resident_id)
            ).scalar_one()

        number = card_number(self.write(passbook_number), issue)
        code = card_code(self.keys.card_code, number)
        card_id = self._add(
            m.Card,
            **{
                "community_id": self.community_id,
                "resident_id": resident_id,
                "number": number,
                "code_hash": card_code_hash(code),
                "issued_at": FRIDAY,
            }
            | more,
        )
        return card_id, number, code

    def login(
        self,
        phone: str | None = None,
        *,
        acts_for: dict[int, str] | None = None,
        roles: tuple[str, ...] = (),
        **more: Any,
    ) -> int:
        """A login with ``PASSWORD``; ``acts_for``: relation by resident."""
        phone = phone or f"+86139{next(self._serial):08d}"
        login_id = self._add(
            m.Login,
            **{
                "name": "林主任",
                "phone": phone,
                "secret_kind": "password",
                "secret_hash": _PASSWORD_HASH,
                "created_at": FRIDAY,
            }
            | more,
        )
        for resident_id, relation in (acts_for or {}).items():
            self.acts_for(login_id, resident_id, relation)
        for role in roles:
            self.grant(login_id, role)
        return login_id

    def acts_for(self, login_id: int, resident_id: int, relation: str = "self") -> int:
        def community(tx: Tx) -> int:
            found = select(m.Resident.community_id).where(m.Resident.id == resident_id)
            return tx.execute(found).scalar_one()

        return self._add(
            m.LoginResident,
            community_id=self.write(community),
            login_id=login_id,
            resident_id=resident_id,
            relation=relation,
            starts_on=SINCE,
            created_at=FRIDAY,
        )

    def household(self, *resident_ids: int) -> int:
        """A household of these people, who agreed; gives the first one's membership."""
        household_id = self._add(
            m.Household, community_id=self.community_id, name="一家人", created_at=FRIDAY
        )
        ids = [
            self._add(
                m.HouseholdMember,
                community_id=self.community_id,
                household_id=household_id,
                resident_id=one,
                state="agreed",
                asked_at=FRIDAY,
                answered_at=FRIDAY,
                answered_how="self",
            )
            for one in resident_ids
        ]
        return ids[0]

    def family_request(self, login_id: int, resident_id: int, card_id: int, **more: Any) -> int:
        """A helper's request that waits for staff."""
        values = {"relation": "helper", "state": "waiting", "created_at": FRIDAY}
        return self._add(
            m.FamilyRequest,
            community_id=self.community_id,
            login_id=login_id,
            resident_id=resident_id,
            card_id=card_id,
            **values | more,
        )

    def grant(self, login_id: int, role: str, community_id: int | None = None) -> int:
        of_district = role == "sub_district_admin"
        return self._add(
            m.RoleGrant,
            login_id=login_id,
            role=role,
            community_id=None if of_district else community_id or self.community_id,
            sub_district_id=self.sub_district_id if of_district else None,
            starts_on=SINCE,
            created_at=FRIDAY,
        )

    def activity(
        self, name: str = "环境品质提升日", *, rule: dict[str, Any] | None = None, **more: Any
    ) -> int:
        """An activity with version 1 of its rule: 10 points for being there unless told."""
        community_id = more.pop("community_id", self.community_id)
        activity_id = self._add(
            m.Activity,
            **{
                "community_id": community_id,
                "organisation_id": self.organisation_id,
                "name": name,
                "kind": "environment",
                "created_at": FRIDAY,
            }
            | more,
        )
        self.rule(activity_id, community_id=community_id, **(rule or {"fixed_points": 10}))
        return activity_id

    def rule(self, activity_id: int, version: int = 1, **more: Any) -> int:
        values = {
            "community_id": self.community_id,
            "activity_id": activity_id,
            "version": version,
            "fixed_points": 0,
            "points_per_hour": 0,
            "leader_factor_percent": 100,
            "created_at": FRIDAY,
        } | more

        def work(tx: Tx) -> int:
            inserted = tx.execute(insert(m.PointsRule).values(**values).returning(m.PointsRule.id))
            return int(inserted.scalar_one())

        return self.write(work)

    def event(
        self, activity_id: int, *, leaders: dict[int, bool] | None = None, **more: Any
    ) -> int:
        """An event from 16:00 to 18:00 on ``FRIDAY``; ``leaders``: at_work by resident."""

        def rule(tx: Tx) -> tuple[int, int]:
            found = (
                select(m.PointsRule.id, m.PointsRule.community_id)
                .where(m.PointsRule.activity_id == activity_id)
                .order_by(m.PointsRule.version.desc())
            )
            rule_id, community_id = tx.execute(found).first() or (0, 0)
            return rule_id, community_id

        rule_id, community_id = self.write(rule)
        starts_at = more.get("starts_at", STARTS_AT)
        event_id = self._add(
            m.Event,
            **{
                "community_id": community_id,
                "activity_id": activity_id,
                "points_rule_id": rule_id,
                "place": "梅富村广场",
                "starts_at": STARTS_AT,
                "ends_at": ENDS_AT,
                "local_date": (starts_at + timedelta(hours=8)).date(),
                "created_at": FRIDAY,
            }
            | more,
        )
        for resident_id, at_work in (leaders or {}).items():
            self._add(
                m.EventLeader,
                community_id=community_id,
                event_id=event_id,
                resident_id=resident_id,
                at_work=at_work,
            )
        return event_id

    def task(self, kind: str = "residents_import", **more: Any) -> int:
        """Background work that waits."""
        values = {"arguments": {}, "total_steps": 1, "created_at": FRIDAY}
        return self._add(
            m.Task, **{"community_id": self.community_id, "kind": kind} | values | more
        )

    def import_batch(self, **more: Any) -> int:
        """A spreadsheet that was imported."""
        values = {"file_name": "居民.xlsx", "file_hash": b"1" * 32, "created_at": FRIDAY}
        state = {"columns": {}, "notes": {}, "state": "applied"}
        return self._add(
            m.ImportBatch, **{"community_id": self.community_id} | values | state | more
        )

    def opening_balance(self, resident_id: int, **more: Any) -> int:
        """What stood in a paper book, waiting for the second person."""
        proposed = {"proposed_at": FRIDAY, "proposed_by_login_id": more.pop("by", None)}
        if proposed["proposed_by_login_id"] is None:
            proposed["proposed_by_login_id"] = self.login(name="登记的人")
        values = {"community_id": self.community_id, "points": 120, "minutes": 750}
        return self._add(
            m.OpeningBalance, **{"resident_id": resident_id} | values | proposed | more
        )

    def sheet(self, lines: list[dict[str, Any]], **more: Any) -> int:
        """A sheet of residents that was uploaded; ``lines`` are its rows, headings first."""
        values = {
            "state": "checked",
            "file_name": "名单.xlsx",
            "file_hash": next(self._serial).to_bytes(32),
            "columns": {"0": "name", "1": "building"},
            "notes": {},
            "total_rows": len(lines),
            "created_at": FRIDAY,
        }
        batch_id = self._add(m.ImportBatch, community_id=self.community_id, **values | more)
        for place, line in enumerate(lines):
            row = {"batch_id": batch_id, "place": place, "number": place + 1}
            self._add(m.ImportRow, community_id=self.community_id, **row | line)
        return batch_id

    def card_print(self, resident_ids: list[int], *, by: int | None = None, **more: Any) -> int:
        """Cards that are to be printed; ``more`` overrides arguments."""
        arguments = {
            "resident_ids": resident_ids,
            "layout": "both_sides",
            "strips": True,
            "replaces": False,
            "form_id": f"form-{next(self._serial)}",
        } | more
        return self.task(
            "card_print",
            arguments=arguments,
            total_steps=len(resident_ids),
            created_by_login_id=by,
        )

    def device(self, token: str = "device-token", **more: Any) -> int:
        from hashlib import sha256

        return self._add(
            m.Device,
            **{
                "community_id": self.community_id,
                "name": "广场扫码机",
                "token_hash": sha256(token.encode()).digest(),
                "all_activities": True,
                "starts_at": FRIDAY - timedelta(days=1),
                "expires_at": FRIDAY + timedelta(days=30),
                "created_at": FRIDAY,
            }
            | more,
        )
