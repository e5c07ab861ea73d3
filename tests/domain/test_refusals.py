import pytest

from volunteer.domain.refusals import Code, Outcome, Refusal, Refused, refuse


def test_a_code_is_spelt_like_its_name():
    for member in (*Code, *Outcome):
        assert member.value == member.name.lower()


def test_no_outcome_is_also_a_refusal():
    assert not {member.value for member in Code} & {member.value for member in Outcome}


def test_a_refusal_compares_by_code_and_facts():
    assert Refusal(Code.EVENT_FULL, {"capacity": 20}) == Refusal(Code.EVENT_FULL, {"capacity": 20})
    assert Refusal(Code.EVENT_FULL) != Refusal(Code.EVENT_FULL, {"capacity": 20})


def test_facts_are_json_scalars():
    with pytest.raises(AssertionError):
        Refusal(Code.EVENT_FULL, {"who": object()})  # type: ignore[dict-item]


def test_refuse_makes_an_exception_that_carries_the_refusal():
    with pytest.raises(Refused) as caught:
        raise refuse(Code.POINTS_SHORT, needed_points=10)
    assert caught.value.refusal == Refusal(Code.POINTS_SHORT, {"needed_points": 10})
    assert "points_short" in str(caught.value)
