"""Decontamination: rows of training data in which an evaluation item stands are found, named and taken out.

[1.5B] section 3.5: normalise, then match 10-grams against every evaluation set. Ours: prompts and responses alike,
LaTeX and code taken apart, short items as wholes, and every removal names the item and the words.
"""

from reasoncore.data.decontaminate.index import ItemText, ProtectedIndex
from reasoncore.data.decontaminate.remove import decontaminate
from reasoncore.data.decontaminate.scan import Match, scan_texts

__all__ = ["ItemText", "Match", "ProtectedIndex", "decontaminate", "scan_texts"]
