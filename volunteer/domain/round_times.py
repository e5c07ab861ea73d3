"""When somebody's being there again is worth a word of thanks."""


def is_worth_thanks(times: int) -> bool:
    """The 10th, the 50th and every hundredth time."""
    return times in (10, 50) or (times > 0 and times % 100 == 0)
