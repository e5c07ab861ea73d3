import random
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.volume import volume
from volunteer.domain import tokens
from volunteer.domain.passbook_number import card_number, passbook_number_from
from volunteer.domain.tokens import (
    CardCode,
    CardNumber,
    EventCode,
    Foreign,
    Keys,
    PassbookNumber,
    parse_presented,
)

KEYS = Keys.derive(b"a secret of the installation")
NOW = datetime(2026, 11, 23, 8, 0, 10, tzinfo=UTC)
EVENT = 128
HOST = "love.example:8443"
CARD = card_number(passbook_number_from(4_321_098), 1)
CARD_CODE = tokens.card_code(KEYS.card_code, CARD)
moments = st.integers(1_577_836_800, 4_102_444_800).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)
event_ids = st.integers(1, 2**40)


def rotating(when=NOW, event_id=EVENT):
    return tokens.rotating_code(KEYS.rotating_code, event_id, when)


def shown_at(code, now, event_id=EVENT):
    return tokens.rotating_code_shown_at(KEYS.rotating_code, event_id, code, now)


class TestKeys:
    def test_every_purpose_has_its_own_key(self):
        keys = {KEYS.rotating_code, KEYS.poster_code, KEYS.card_code, KEYS.activation_code}
        assert len(keys) == 4
        assert all(len(key) == 32 for key in keys)

    def test_another_secret_gives_other_keys(self):
        assert Keys.derive(b"another").card_code != KEYS.card_code

    def test_keys_and_codes_are_not_printed(self):
        assert KEYS.card_code.hex()[:8] not in repr(KEYS)
        assert repr(KEYS) == "Keys()"
        assert CARD_CODE not in repr(CardCode(CARD_CODE))


class TestRotatingCode:
    def test_it_has_six_letters_that_cannot_be_misread(self):
        assert len(rotating().code) == 6
        assert not set(rotating().code) & set("ILOU")

    def test_it_starts_and_ends_with_its_step(self):
        code = rotating()
        assert code.starts_at == datetime(2026, 11, 23, 8, 0, 0, tzinfo=UTC)
        assert code.ends_at == code.starts_at + timedelta(seconds=30)
        assert code.expires_at == code.starts_at + timedelta(seconds=60)

    @given(moments, event_ids, st.integers(0, 59))
    def test_it_is_taken_in_its_step_and_the_next(self, when, event_id, seconds_later):
        code = rotating(when, event_id)
        later = code.starts_at + timedelta(seconds=seconds_later)
        assert shown_at(code.code, later, event_id) == code.starts_at

    @given(moments, st.integers(60, 7000))
    def test_it_has_run_out_after_two_steps(self, when, seconds_later):
        code = rotating(when)
        later = code.starts_at + timedelta(seconds=seconds_later)
        assert shown_at(code.code, later) is None
        assert tokens.rotating_code_was_shown(KEYS.rotating_code, EVENT, code.code, later)

    @given(moments)
    def test_a_code_of_the_future_is_not_taken(self, when):
        assert shown_at(rotating(when + timedelta(seconds=30)).code, when) is None

    @given(moments, event_ids, event_ids)
    def test_another_events_code_is_not_taken(self, when, one, other):
        if one != other:
            assert shown_at(rotating(when, one).code, when, other) is None

    def test_a_code_that_was_never_shown_is_unknown_rather_than_expired(self):
        never = rotating(NOW + timedelta(days=1)).code
        assert not tokens.rotating_code_was_shown(KEYS.rotating_code, EVENT, never, NOW)

    @pytest.mark.parametrize("code", ["", "爱心存折爱心", "\udcff", "A" * 9000])
    def test_any_text_is_simply_not_the_code(self, code):
        assert shown_at(code, NOW) is None
        assert not tokens.is_poster_code(KEYS.poster_code, EVENT, 1, code)

    @given(moments)
    def test_the_screen_holds_the_next_half_hour_without_a_gap(self, when):
        window = tokens.rotating_window(KEYS.rotating_code, EVENT, when)
        assert window[0] == rotating(when)
        assert window[-1].ends_at >= when + timedelta(minutes=30)
        assert len(window) == 61
        for one, following in pairwise(window):
            assert one.ends_at == following.starts_at
            assert shown_at(following.code, following.starts_at) == following.starts_at


class TestPosterCode:
    @given(event_ids, st.integers(0, 1000))
    def test_it_has_ten_characters_and_begins_with_a_letter(self, event_id, epoch):
        code = tokens.poster_code(KEYS.poster_code, event_id, epoch)
        assert len(code) == 10
        assert code[0].isalpha()
        assert parse_presented(code) == EventCode(code)
        assert EventCode(code).is_poster

    def test_it_belongs_to_one_event_and_one_epoch(self):
        code = tokens.poster_code(KEYS.poster_code, EVENT, 1)
        assert tokens.is_poster_code(KEYS.poster_code, EVENT, 1, code)
        assert not tokens.is_poster_code(KEYS.poster_code, EVENT, 2, code)
        assert not tokens.is_poster_code(KEYS.poster_code, EVENT + 1, 1, code)


class TestCardCode:
    def test_it_has_a_hundred_bits_and_can_be_made_again(self):
        assert len(CARD_CODE) == 20
        assert tokens.card_code(KEYS.card_code, CARD) == CARD_CODE

    def test_the_next_issue_has_another_code(self):
        assert tokens.card_code(KEYS.card_code, CARD[:8] + "02") != CARD_CODE

    def test_the_table_holds_a_hash(self):
        assert len(tokens.card_code_hash(CARD_CODE)) == 32
        assert CARD_CODE.encode() not in tokens.card_code_hash(CARD_CODE)


class TestPresented:
    @pytest.mark.parametrize(
        "text",
        [
            CARD_CODE,
            f"https://{HOST}/c/{CARD_CODE}",
            f"HTTP://{HOST.upper()}/c/{CARD_CODE}",
            f"{HOST}/c/{CARD_CODE}",
            f"/c/{CARD_CODE}",
            f" {CARD_CODE}\r\n",
        ],
    )
    def test_a_card_is_read_from_its_code_and_its_address(self, text):
        assert parse_presented(text, HOST) == CardCode(CARD_CODE)

    @pytest.mark.parametrize("code", ["K7Q2M9", "K7Q2M9ABCD"])
    def test_an_event_is_read_from_its_address(self, code):
        assert parse_presented(f"https://{HOST}/q/128/{code}", HOST) == EventCode(code, 128)

    def test_a_bare_event_code_does_not_say_which_event(self):
        assert parse_presented("K7Q2M9") == EventCode("K7Q2M9", None)

    def test_typed_numbers_are_read(self):
        assert parse_presented(f"{CARD[:4]} {CARD[4:8]}-{CARD[8:]}") == CardNumber(CARD)
        assert parse_presented(CARD[:8]) == PassbookNumber(CARD[:8])

    def test_the_default_port_makes_no_difference(self):
        text = f"https://love.example:443/c/{CARD_CODE}"
        assert parse_presented(text, "love.example") == CardCode(CARD_CODE)

    @pytest.mark.parametrize("own_host", [HOST, None])
    def test_an_address_elsewhere_is_foreign(self, own_host):
        text = f"https://evil.example/c/{CARD_CODE}"
        assert parse_presented(text, own_host) == Foreign("evil.example", CardCode(CARD_CODE))

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "   ",
            CARD_CODE.lower(),
            CARD_CODE + "A",
            f"https://{HOST}@evil.example/c/{CARD_CODE}",
            f"https://{HOST}\\@evil.example/c/{CARD_CODE}",
            f"javascript://{HOST}/c/{CARD_CODE}",
            f"https://{HOST}/c/{CARD_CODE}?next=//evil",
            f"https://{HOST}/c/{CARD_CODE}#x",
            f"https://{HOST}/c/{CARD_CODE}\n{CARD_CODE}",
            f"https://{HOST}/c/../c/{CARD_CODE}",
            f"https://{HOST}/elsewhere/c/{CARD_CODE}",
            f"//{HOST}/c/{CARD_CODE}",
            f"https://{HOST}/q/0/K7Q2M9",
            f"https://{HOST}/q/-1/K7Q2M9",
            f"https://{HOST}/q/1e9/K7Q2M9",
            f"https://{HOST}/q/99999999999999999999/K7Q2M9",
            f"https://{HOST}/q/128/K7Q2MI",
            "<script>alert(1)</script>",
            "' OR 1=1 --",
            "../../etc/passwd",
            "\udcff\udcff\udcff\udcff\udcff\udcff",
            CARD[:7] + ("1" if CARD[7] == "0" else "0"),
            "A" * 100_000,
            "/" * 80,
            "a" * 79 + "!",
            "/a" * 39 + "/!",
        ],
    )
    def test_anything_else_is_none_of_ours(self, text):
        assert parse_presented(text, HOST) is None

    @given(st.text(max_size=100))
    def test_any_text_is_read_or_not_but_never_raises(self, text):
        presented = parse_presented(text, HOST)
        assert presented is None or len(text) <= 80


@pytest.mark.faults
def test_no_mutant_of_a_code_is_accepted():
    dice = random.Random(20261123)
    current = rotating().code
    poster = tokens.poster_code(KEYS.poster_code, EVENT, 1)
    genuine = [
        CARD_CODE,
        f"https://{HOST}/c/{CARD_CODE}",
        f"https://{HOST}/q/{EVENT}/{current}",
        f"https://{HOST}/q/{EVENT}/{poster}",
        CARD,
    ]
    accepted = []
    for _ in range(volume(200_000)):
        original = dice.choice(genuine)
        mutant = mutate(original, dice)
        presented = parse_presented(mutant, HOST)
        if would_be_accepted(presented) and spelling(mutant) != spelling(original):
            accepted.append(mutant)
    assert accepted == []
    assert all(would_be_accepted(parse_presented(text, HOST)) for text in genuine)


def would_be_accepted(presented):
    match presented:
        case CardCode(code):
            return tokens.card_code_hash(code) == tokens.card_code_hash(CARD_CODE)
        case CardNumber(number):
            return number == CARD
        case EventCode(code, event_id) if event_id == EVENT:
            return bool(shown_at(code, NOW)) or tokens.is_poster_code(
                KEYS.poster_code, EVENT, 1, code
            )
    return False


def spelling(text):
    """What spellings of one code share: numbers may be grouped, a host has no capitals."""
    digits = tokens.digits_typed(text.strip())
    if digits.isascii() and digits.isdigit():
        return digits
    return re.sub(rf"\A(https?://)?{re.escape(HOST)}", "", text.strip(), flags=re.IGNORECASE)


def mutate(text, dice):
    letters = tokens.ALPHABET + "abcIOL/:?#%&@\\\"'<> \n\0\t一1\u200b\u202e"
    for _ in range(dice.randint(1, 3)):
        place = dice.randrange(len(text))
        match dice.randrange(5):
            case 0:
                text = text[:place] + dice.choice(letters) + text[place + 1 :]
            case 1:
                text = text[:place] + dice.choice(letters) + text[place:]
            case 2:
                text = text[:place] + text[place + 1 :] or "x"
            case 3:
                text = text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
            case _:
                text = text + text[place:]
    return text
