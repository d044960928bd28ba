"""Words spelled letter by letter, and dictated e-mail addresses: whether more is to come."""

from __future__ import annotations

import re

__all__ = ["more_letters_expected"]

_LOOKED_AT = 300
"""Characters at the end of a text that are read."""

_EMAIL = re.compile(
    r"e-?mail|\bmail\b|correo|courriel|adresse électronique|posta elettronica|почт|мейл|ईमेल|メール|邮箱|電子郵件|이메일"
    r"|بريد|e-?posta|sähköposti",
    re.IGNORECASE,
)
"""Words of a question for an e-mail address."""

_SPELL = re.compile(r"\bspell|buchstabier|deletre|épel|sillab|soletr|продикт|по буквам|literu|spellen|bokstav", re.I)
"""Words of a question for a spelling."""

_AT = r"(?:@|at|arroba|arobase|chiocciola|ät|klammeraffe|apenstaartje|snabel-a|собака|małpa|zavináč)"
_DOT = r"(?:\.|dot|punkt|punto|point|ponto|punktum|точка|kropka|tečka|nokta|डॉट|ドット)"
_ENDED = re.compile(
    rf"(?:@\S+\.[a-z]{{2,}}|{_DOT}\s*(?:com?|net|org|info|biz|io|ai|app|dev|edu|gov|uk|de|fr|es|it|pt|nl|be|at|ch|se|no"
    r"|dk|fi|pl|cz|ru|ua|tr|in|jp|kr|cn|br|mx|ar|cl|au|ca|ie|eu|us))\W*$",
    re.IGNORECASE,
)
"""End of a whole address."""

_PART = re.compile(
    rf"^(?:{_AT}|{_DOT}|underscore|unterstrich|guion|guión|tiret|trattino|hífen|dash|minus|bindestrich|hyphen|gmail|"
    r"hotmail|outlook|yahoo|icloud|\d|[^\W\d_])$",
    re.IGNORECASE,
)
"""A word that only a dictation has: a single letter or digit, a mark by its name, a provider."""

_MARKS = " .,;:!?…-–—\"'()[]"


def more_letters_expected(text: str, question: str = "") -> bool:
    """True when a text ends inside a word that is being spelled or an address that is being dictated.

    >>> asked = "What is your email address?"
    >>> more_letters_expected("john dot smith at", asked), more_letters_expected("john at gmail dot com", asked)
    (True, False)
    >>> more_letters_expected("B R O"), more_letters_expected("I don't have one.", asked), more_letters_expected("I do")
    (True, False, False)
    """
    tail = text[-_LOOKED_AT:].strip()
    words = [word for part in tail.replace("@", " @ ").split() if (word := part.strip(_MARKS))]
    if not words or _ENDED.search(tail):
        return False
    if _EMAIL.search(question[-_LOOKED_AT:]) or "@" in tail:
        return any(_PART.match(word) for word in words[-3:])
    letters = sum(len(word) == 1 and word.isalpha() and word.lower() not in "ioaey" for word in words[-3:])
    spelled = len(words) >= 2 and len(words[-1]) == len(words[-2]) == 1 and words[-1].isalpha()
    if _SPELL.search(question[-_LOOKED_AT:]):
        return len(words[-1]) == 1 and words[-1].isalpha()
    return spelled and letters >= 1
