"""The eight logins of the demo, as README and every start print them."""

from __future__ import annotations

from dataclasses import dataclass

from volunteer.domain.access import Role

PASSWORD = "love-passbook"


@dataclass(frozen=True)
class LoginPlan:
    """A login that README prints. ``role`` is None for residents; ``words`` say who it is."""

    phone: str
    name: str
    words: str
    words_en: str
    role: Role | None = None


LOGINS = (
    LoginPlan("13800000001", "周晓敏", "活动组织者", "organizer", Role.ORGANIZER),
    LoginPlan("13800000002", "郑佩珊", "兑换点工作人员", "counter staff", Role.COUNTER_STAFF),
    LoginPlan("13800000003", "林建华", "社区管理员", "community admin", Role.COMMUNITY_ADMIN),
    LoginPlan("13800000004", "陈思敏", "居民", "resident"),
    LoginPlan("13800000005", "何婉仪", "监护人（两个孩子）", "guardian of two children"),
    LoginPlan("13800000006", "梁国栋", "监督员", "auditor", Role.AUDITOR),
    LoginPlan("13800000007", "黄志强", "现场负责人（今天的场次）", "leader of today's event"),
    LoginPlan("13800000008", "谢文静", "街道管理员", "sub-district admin", Role.SUB_DISTRICT_ADMIN),
)
ORGANIZER, ADMIN = LOGINS[0], LOGINS[2]
RESIDENT, GUARDIAN, LEADER = LOGINS[3], LOGINS[4], LOGINS[6]
