"""Which language a text is in: langdetect 1.0.9, an optional dependency, made repeatable."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from typing import Any

from reasoncore.errors import UserInputError

# What langdetect can answer; the names that google-research's IFEval uses are among them.
_CODES = (
    "af ar bg bn ca cs cy da de el en es et fa fi fr gu he hi hr hu id it ja kn ko lt lv mk ml mr ne nl no pa pl pt ro "
    "ru sk sl so sq sv sw ta te th tl tr uk ur vi zh-cn zh-tw"
)
LANGUAGES = frozenset(_CODES.split())

_SEED = 0


def require_langdetect() -> None:
    """Raise where langdetect is not installed, at the start rather than after hours of sampling.

    Raises:
        UserInputError: It is not; the cure names the command.
    """
    if importlib.util.find_spec("langdetect") is None:
        raise UserInputError(
            "judging the language of a response needs the package langdetect, which is not installed",
            "Install it in reasoncore's own folder: pip install --editable '.[eval]'",
        )


def detect_language(text: str) -> str | None:
    """The member of :data:`LANGUAGES` that ``text`` is in, ``"unknown"``, or None without a letter to judge by.

    langdetect samples; every call here starts from the same seed, so that neither the order of the calls nor another
    user of langdetect in this process changes the answer. Only the first 10,000 characters are looked at, which is
    langdetect's own limit.

    Raises:
        UserInputError: langdetect is not installed.
    """
    require_langdetect()
    from langdetect.lang_detect_exception import ErrorCode, LangDetectException

    detector = _factory().create()
    detector.append(text)
    try:
        return detector.detect()
    except LangDetectException as error:
        if error.code != ErrorCode.CantDetectError:
            raise
        return None


@functools.cache
def _factory() -> Any:
    """A factory of our own: the seed of the module's shared one is anybody's to change."""
    from langdetect import detector_factory

    factory = detector_factory.DetectorFactory()
    factory.set_seed(_SEED)
    # Sorted, because the order of the profiles decides how their probabilities are rounded.
    profiles = sorted(path for path in Path(detector_factory.PROFILES_DIRECTORY).iterdir() if path.is_file())
    factory.load_json_profile([path.read_text(encoding="utf-8") for path in profiles])
    return factory
