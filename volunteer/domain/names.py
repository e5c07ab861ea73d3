"""Names of people: what may be one, how it is searched for, how it is masked.

Chinese, minority (买买提·阿凡提) and Latin names and characters beyond the common tables are all
names. Pinyin is pypinyin's, but for surnames that sound unlike the same character in a word.
"""

import unicodedata

from volunteer.domain.refusals import Code, Refusal

LONGEST_NAME = 50
MIDDLE_DOT = "·"

# Read as in 现代汉语词典 when they stand first in a name.
_SURNAMES = {
    "单": "shan", "曾": "zeng", "解": "xie", "区": "ou", "翟": "zhai", "仇": "qiu", "朴": "piao",
    "盖": "ge", "查": "zha", "乐": "yue", "缪": "miao", "牟": "mu", "秘": "bi", "召": "shao",
    "覃": "qin", "折": "she", "种": "chong", "隗": "wei", "祭": "zhai", "员": "yun", "洗": "xian",
    "乜": "nie", "句": "gou", "阚": "kan", "都": "du", "繁": "po", "适": "kuo", "黑": "he",
    "郇": "xun", "卜": "bu", "薄": "bo", "重": "chong", "长": "chang", "藏": "zang", "校": "jiao",
    "粘": "nian", "佴": "nai",
}  # fmt: skip
_DOUBLE_SURNAMES = {
    "单于": ("chan", "yu"), "长孙": ("zhang", "sun"), "乐正": ("yue", "zheng"),
}  # fmt: skip
# The dots people type between the parts of a name, on the keyboards they have.
_DOTS = str.maketrans(dict.fromkeys("•・‧∙⋅･．●", MIDDLE_DOT))
_FULL_WIDTH = str.maketrans(
    {chr(code): chr(code - 0xFEE0) for code in (*range(0xFF21, 0xFF5B), *range(0xFF10, 0xFF1A))}
    | {"\u3000": " ", "\uff0d": "-", "\u2019": "'", "\uff07": "'"}
)
_PUNCTUATION = frozenset(f"{MIDDLE_DOT} -'.()（）〇")


def clean_line(text: str) -> str:
    """One line of text without controls, direction marks and invisible characters.

    Direction marks can make a name read as another one; runs of spaces become one.
    """
    kept = (" " if character.isspace() else character for character in text)
    visible = (
        character for character in kept if unicodedata.category(character) not in ("Cc", "Cf", "Cs")
    )
    return " ".join(unicodedata.normalize("NFC", "".join(visible)).split())


def parse_line(text: str, longest: int) -> str | Refusal:
    """A cleaned line of at most `longest` characters; it may be empty. Refuses `text_too_long`."""
    line = clean_line(text[: 4 * longest + 100])
    if len(line) > longest:
        return Refusal(Code.TEXT_TOO_LONG, {"longest": longest})
    return line


def parse_name(text: str) -> str | Refusal:
    """A person's name as it will be kept.

    Refuses `name_missing` (no letter in it), `name_too_long` (over 50 characters) and
    `name_characters` (signs that no name has; the fact says which).
    """
    name = clean_line(text[: 4 * LONGEST_NAME + 100].translate(_FULL_WIDTH).translate(_DOTS))
    strange = [character for character in name if not _belongs_in_a_name(character)]
    if strange:
        return Refusal(Code.NAME_CHARACTERS, {"characters": "".join(dict.fromkeys(strange))[:10]})
    if not any(character.isalpha() or character == "〇" for character in name):
        return Refusal(Code.NAME_MISSING)
    if len(name) > LONGEST_NAME:
        return Refusal(Code.NAME_TOO_LONG, {"longest": LONGEST_NAME})
    return name


def pinyin_of(name: str) -> str:
    """The name's full pinyin without spaces or tones, Latin letters as they are: shanyuehong."""
    return "".join(_syllables(name))


def initials_of(name: str) -> str:
    """The first letter of each character's pinyin, and of each Latin word: syh."""
    return "".join(syllable[0] for syllable in _syllables(name))


def mask_name(name: str) -> str:
    """The first character and a star, 张*: never how many characters follow."""
    return f"{name[:1]}*"


def _belongs_in_a_name(character: str) -> bool:
    kind = unicodedata.category(character)
    return kind[0] in "LM" or kind == "Nd" or character in _PUNCTUATION


def _syllables(name: str) -> list[str]:
    read = list(_DOUBLE_SURNAMES.get(name[:2], ()))
    if not read and name[:1] in _SURNAMES:
        read = [_SURNAMES[name[0]]]
    rest = name[len(read) :]
    # Imported at the first name: its dictionaries take half a second that a start does not have.
    from pypinyin import Style, lazy_pinyin

    for chunk in lazy_pinyin(rest, style=Style.NORMAL, v_to_u=False):
        read += _words(chunk)
    return read


def _words(chunk: str) -> list[str]:
    """A syllable, or the Latin words of a stretch that has no pinyin, without accents."""
    bare = "".join(
        character
        for character in unicodedata.normalize("NFKD", chunk.casefold())
        if not unicodedata.combining(character)
    )
    spaced = "".join(character if character.isalnum() else " " for character in bare)
    return spaced.split()
