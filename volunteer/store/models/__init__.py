"""Every table, one file a noun. Importing this package declares them all."""

from volunteer.store.models.activities import (
    Activity,
    Event,
    EventLeader,
    PointsRule,
    Shift,
    SignUp,
)
from volunteer.store.models.base import Base
from volunteer.store.models.boards import BoardParticipation, BoardTotal
from volunteer.store.models.departures import Bequest, CommunityMove
from volunteer.store.models.imports import ContactPhone, ImportBatch, ImportRow
from volunteer.store.models.ledger import Account, Entry, Hold, HoldEnd, Seal, Transfer
from volunteer.store.models.logins import (
    Consent,
    FamilyRequest,
    Login,
    LoginResident,
    RoleGrant,
    SignInSession,
    SignInThrottle,
)
from volunteer.store.models.merges import DifferentPeople, ResidentMerge
from volunteer.store.models.opening_balances import OpeningBalance
from volunteer.store.models.passbook_cards import ActivationCode, Card
from volunteer.store.models.people import (
    ExternalNumber,
    Household,
    HouseholdMember,
    Membership,
    Residence,
    Resident,
    WalkIn,
    YouthGroup,
)
from volunteer.store.models.places import (
    Area,
    Building,
    BuildingAlias,
    Community,
    Organisation,
    OrganisationKind,
    SubDistrict,
)
from volunteer.store.models.rewards import Redemption, Reward, StockLot
from volunteer.store.models.scans import Attendance, Device, DeviceActivity, Scan
from volunteer.store.models.series import EventSeries, HolidayYear, SeriesEvent
from volunteer.store.models.visitors import TeamEvent, TeamMember, VisitingTeam, WaitingCard
from volunteer.store.models.work import AuditEvent, DemoChapter, Job, Task

__all__ = [
    "Account",
    "ActivationCode",
    "Activity",
    "Area",
    "Attendance",
    "AuditEvent",
    "Base",
    "Bequest",
    "BoardParticipation",
    "BoardTotal",
    "Building",
    "BuildingAlias",
    "Card",
    "Community",
    "CommunityMove",
    "Consent",
    "ContactPhone",
    "DemoChapter",
    "Device",
    "DeviceActivity",
    "DifferentPeople",
    "Entry",
    "Event",
    "EventLeader",
    "EventSeries",
    "ExternalNumber",
    "FamilyRequest",
    "Hold",
    "HoldEnd",
    "HolidayYear",
    "Household",
    "HouseholdMember",
    "ImportBatch",
    "ImportRow",
    "Job",
    "Login",
    "LoginResident",
    "Membership",
    "OpeningBalance",
    "Organisation",
    "OrganisationKind",
    "PointsRule",
    "Redemption",
    "Residence",
    "Resident",
    "ResidentMerge",
    "Reward",
    "RoleGrant",
    "Scan",
    "Seal",
    "SeriesEvent",
    "Shift",
    "SignInSession",
    "SignInThrottle",
    "SignUp",
    "StockLot",
    "SubDistrict",
    "Task",
    "TeamEvent",
    "TeamMember",
    "Transfer",
    "VisitingTeam",
    "WaitingCard",
    "WalkIn",
    "YouthGroup",
]
