"""An engine over any OpenAI-compatible chat endpoint.

    engine      the engine: completions as they finish, or all at the end
    sampling    which calls a run makes: together or one by one, seeds, what stops everything
    call        one call: time and size limits, what each failure means
    retry       how long to go on trying
    choices     what a server sent, read as choices; choices into completions
    endpoint    addresses, key, the models that are served, what is told of trouble
    words       a server's own words, made safe to print
    background  asynchronous work behind an ordinary iterator

Answers are streamed: a server that died, stalled or cut an answer short is then told from one that is merely slow.
"""

from reasoncore.infer.http.engine import HttpEngine
from reasoncore.infer.http.retry import Patience

__all__ = ["HttpEngine", "Patience"]
