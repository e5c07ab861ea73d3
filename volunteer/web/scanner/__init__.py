"""Where the leader of an event stands: the scanner, the roll call, visiting teams, the end.

Every page is for those who may record scans in the community, and for the event's own leader.
"""

from volunteer.web.scanner import add_person, cards, event_end, offline, roll_call, scan_file, teams
from volunteer.web.scanner.place import blueprint

__all__ = [
    "add_person",
    "blueprint",
    "cards",
    "event_end",
    "offline",
    "roll_call",
    "scan_file",
    "teams",
]
