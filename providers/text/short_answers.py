"""Short answers: a whole reply to the question before, in a word or two."""

from __future__ import annotations

import re

__all__ = ["is_short_answer"]

_MOST_WORDS = 3
_ASKS = frozenset("?？؟")
_WORDS = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")

_REPLIES = frozenset(
    "yes yeah yep yup no nope nah sure okay ok correct right exactly thanks bye goodbye maybe please never none nothing"
    " ja nein doch genau richtig stimmt okay danke gerne nee klopt prima nej tak takk jo precis"
    " oui non ouais voilà exact merci bien d'accord sí si no claro correcto exacto gracias vale bueno"
    " sì certo esatto grazie va bene giusto sim não claro certo exato obrigado obrigada isso"
    " tak nie dobrze dziękuję oczywiście ano ne dobře děkuji да нет конечно верно правильно спасибо хорошо так ні дякую"
    " evet hayır tamam doğru हाँ हां जी नहीं ठीक धन्यवाद نعم لا شكرا صحيح طيب"
    " 네 예 아니요 맞아요 はい いいえ そうです 是 是的 不是 对 好 好的".split()
)
"""Words of assent, refusal and thanks that may be a whole turn."""


def is_short_answer(text: str, question: str) -> bool:
    """True for up to three words of assent, refusal or thanks after a question.

    >>> is_short_answer("yes please", "Shall I book it?"), is_short_answer("yes but", "Shall I book it?")
    (True, False)
    """
    words = _WORDS.findall(text.lower())
    asked = any(mark in question[-200:] for mark in _ASKS)
    return asked and 0 < len(words) <= _MOST_WORDS and all(word in _REPLIES for word in words)
