"""The contamination lens: whether a score may be memory. docs/contamination.md says what each part can show.

With training files: which problems stand in them (:mod:`.overlap`). With an evaluation: accuracy before and after a
cut-off date (:mod:`.cutoff`). With a model: twins with other numbers (:mod:`.twins`), options in other orders
(:mod:`.option_order`), and second halves of questions (:mod:`.completion`).
"""

from reasoncore.evals.contamination.asking import Asker
from reasoncore.evals.contamination.items import Item, load_items, read_date, read_dates
from reasoncore.evals.contamination.lens import Contamination, ask_model, contamination_lines, look_at_files

__all__ = [
    "Asker",
    "Contamination",
    "Item",
    "ask_model",
    "contamination_lines",
    "load_items",
    "look_at_files",
    "read_date",
    "read_dates",
]
