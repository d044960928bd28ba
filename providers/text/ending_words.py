"""Words that leave a sentence unfinished, and number words, in the languages that the engines know.

The unfinished ones are closed word classes: articles, conjunctions, prepositions, fillers. A word is left out where
people also end sentences with it: German "das" and "an", Dutch "dat", French "que" as a question, Spanish "sí" written
without its accent. In Hindi, Turkish, Japanese and Korean, postpositions take the place of prepositions.
"""

from __future__ import annotations

from collections.abc import Mapping

from providers.text.languages.asian import ASIAN
from providers.text.languages.base import LanguageWords
from providers.text.languages.germanic import GERMANIC
from providers.text.languages.romance import ROMANCE
from providers.text.languages.slavic import SLAVIC

__all__ = ["LANGUAGES"]

LANGUAGES: Mapping[str, LanguageWords] = {**GERMANIC, **ROMANCE, **SLAVIC, **ASIAN}
"""Word lists by primary language subtag."""
