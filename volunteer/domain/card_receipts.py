"""The receipt sheet: who signed for a card, and agreed to the record.

The sheet is signed by the holder; under 14 by a guardian, whose name is written down.
"""

from dataclasses import dataclass

from volunteer.domain.age import AgeBand
from volunteer.domain.names import parse_name
from volunteer.domain.refusals import Code, Refusal


@dataclass(frozen=True)
class Receipt:
    """One ticked line. `agrees`: the consent sentence was signed as well, and not struck out.
    `guardian`: who signed for a child; empty for everybody else."""

    resident_id: int
    agrees: bool = True
    guardian: str = ""


def decide_signed_by(receipt: Receipt, name: str, band: AgeBand) -> str | Refusal:
    """Whose signature the line carries.

    Refuses `guardian_name_missing` with the child's name, and what `parse_name` refuses.
    """
    if band is not AgeBand.UNDER_14:
        return name
    if not receipt.guardian.strip():
        return Refusal(Code.GUARDIAN_NAME_MISSING, {"name": name})
    return parse_name(receipt.guardian)
