from volunteer.domain.round_times import is_worth_thanks


def test_round_numbers_of_times() -> None:
    thanked = [times for times in range(-1, 320) if is_worth_thanks(times)]
    assert thanked == [10, 50, 100, 200, 300]
