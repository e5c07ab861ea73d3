"""Who is here for the tenth time, on both databases, among people who are not."""

from __future__ import annotations

from tests.scanning import as_device, new_id, record, scan_row
from tests.statements import statements
from tests.town import Town
from volunteer.domain.access import Scope
from volunteer.queries.round_times import read_round_times


def test_the_tenth_time(both_town: Town) -> None:
    town = both_town
    device, activity_id = as_device(town.device(token=str(new_id()))), town.activity()
    tenth, ninth, worker = town.resident("陈秀英"), town.resident("王芳"), town.resident("何静")
    numbers = {one: town.card(one)[1] for one in (tenth, ninth, worker)}
    for number in range(10):
        event_id = town.event(activity_id, leaders={worker: True})
        scans = [scan_row(event_id, numbers[tenth]), scan_row(event_id, numbers[worker])]
        if number:
            scans.append(scan_row(event_id, numbers[ninth]))
        record(town, device, *scans)
    everybody, scope = {tenth, ninth, worker}, Scope.of(town.community_id)
    assert read_round_times(everybody, scope) == {tenth: 10}
    assert read_round_times(everybody, Scope.of(town.community_id + 1)) == {}
    with statements() as seen:
        assert read_round_times(set(), scope) == {}
    assert not seen
