"""How many syllables an English word has, by rule.

The reference looks a word up in some 7,000 words of the package ``syllapy``, and falls back on a count of vowel groups.
Here the vowel groups are counted, less those that are a silent e, more those that are two syllables, and frequent words
that the rules get wrong are listed.
"""

from __future__ import annotations

import re

_VOWELS = re.compile("[aeiouy]+")
_DIGIT = re.compile(r"\d")

_FIRST_PARTS = (
    "awe base care code drive face fire fore frame game gate guide home hope horse house knowledge life like line lone "
    "love make more name nine note pine pipe place safe scare shore side some space stage stone store there time trade "
    "use wave where white whole wide wire"
)
# Each way starts with the letter that it counts, which is what makes the search fast.
_SILENT = re.compile(
    "|".join(
        (
            # base-ball
            rf"^(?:{'|'.join(_FIRST_PARTS.split())})(?=[^aeiouyrdst][a-z]{{2}}|[rdst][^s]{{2}})(?!r[aeio]|ver)",
            r"e(?<=[^aeiouy]e)(?=(?:ly|ty|ful|fully|less|lessly|ness)$)",  # care-ful
            r"e(?<=[^aeiouy]e)(?=ments?$)(?<![^aeiouy]le)",  # state-ment; not settle-ment
            r"e$(?<=[^aeiouy]e)(?<![^aeiouy]le)(?<![tbc]re)",  # make; not table, centre
            r"es$(?<=[^aeiouyscgxz]es)(?<![^aeiouy]les)(?<![sc]hes)(?<![tbc]res)",  # makes; not places, wishes, tables
            r"ed$(?<=[^aeiouytd]ed)(?<![^aeiouylr]led)(?<![dtc]red)",  # asked; not waited, settled, hundred
            r"ues?$(?:(?<=[gq]ue)|(?<=[gq]ues))",  # league, unique
        )
    )
)
_TWO = re.compile(
    "|".join(
        (
            r"[aeiou]y(?=[aeiou])(?!eds?$)",  # beyond, player; not played
            r"[aeiouy](?=ings?$)",  # doing, trying
            r"i(?=a)(?<![ctsgx]i)(?!age|ar$)(?<!li(?=an?$))",  # media; not social, marriage, familiar, Italian
            r"i(?=at)(?<=[ct]i)",  # associate
            r"i(?=o)(?<![ctsgx]i)(?<![lnv]i(?=o[nr]))",  # radio; not nation, million
            r"i(?=o$)(?<=[ts]i)",  # ratio
            r"i(?=u)(?<![ctsg]i)",  # medium
            r"i(?=et)|i(?=enc|ent)(?<![ctsn]i)",  # quiet, client; not patient
            r"i(?=e(?:r|rs|st)$)(?:(?<=[aeiouy][^aeiouy]i)|(?<=[aeiouy][^aeiouy]{2}i))",  # earlier
            r"u(?=a)(?<![qg]u)(?!a[dv]e)",  # usual; not quality, persuade
            r"u(?=en|el(?!l))(?<![qg]u)|u(?=ous)",  # fluent, ambiguous; not sequence
            r"u(?=i[dn])(?:(?<=flu)|(?<=^ru)|(?<=genu))|u(?=ici)(?<=^su)",  # fluid, ruin, genuine, suicide
            r"e(?=o$|os$|um$)|e(?=o(?!r))(?:(?<=^ge)|(?<=^the)|(?<=^ne))",  # video, museum, geography
            r"e(?=at(?!u))(?<=cre)|e(?=act|ali)(?<=^re)",  # create, react
            r"e(?=as?$)(?<=[ar]re)|e(?=a)(?<=^ide)",  # area, idea
            r"a(?=o)|o(?=e[mt])|o(?=op.|or|al.)(?<=^co)",  # chaos, poem, cooperate, coalition
            r"nt$(?<=[ds]nt)|ms?$(?:(?<=ism)|(?<=isms)|(?<=thm)|(?<=thms))",  # isn't, tourism, rhythm
        )
    )
)

_KNOWN = {
    word: syllables
    for syllables, words in enumerate(
        (
            "aches coals eye eyes",
            "argue brilliant business cruel diamond evening every giant hatred liar lion maybe premier science soldier "
            "someone wednesday",
            "anyone businesses element everyday everyone everything everywhere linear recipe theory",
            "apostrophe everybody",
        ),
        start=1,
    )
    for word in words.split()
}


def count_syllables(word: str) -> int:
    """Syllables of a lower-case word without punctuation: at least 1, but 0 where it has a digit. Linear."""
    if _DIGIT.search(word):
        return 0
    if word in _KNOWN:
        return _KNOWN[word]
    groups = sum(1 for _ in _VOWELS.finditer(word)) + sum(1 for _ in _TWO.finditer(word))
    return max(1, groups - sum(1 for _ in _SILENT.finditer(word)))
