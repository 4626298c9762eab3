"""Word n-grams: what counts as the same words, and finding them in streams."""

import json
from pathlib import Path

import pytest

from reasoncore.data.ngrams import find_ngrams, index_ngrams
from reasoncore.data.training_text import read_documents
from reasoncore.data.words import words_of
from reasoncore.errors import DataError


def lines_found(texts: dict[str, str], path: Path, n: int) -> list[tuple[int, tuple[str, ...]]]:
    index = index_ngrams(texts, n)
    return [(hit.line, hit.owners) for document in read_documents(path) for hit in find_ngrams(index, document)]


def test_case_punctuation_and_layout_do_not_count() -> None:
    assert words_of("Janet’s  ＤＵＣＫS lay\n16 eggs, $x_1$!") == ["janet", "s", "ducks", "lay", "16", "eggs", "x", "1"]


def test_an_index_counts_different_ngrams_and_knows_their_owners() -> None:
    index = index_ngrams({"a": "one two one two one", "b": "two one", "c": "one"}, 2)
    assert index.counts == {"a": 2, "b": 1, "c": 0}
    assert index.owners == {("one", "two"): ("a",), ("two", "one"): ("a", "b")}


def test_ngrams_are_found_across_lines_of_text_with_the_line_they_begin_in(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_text("Nothing here.\nbefore the QUICK brown\nfox; jumps the quick red fox\n")
    assert lines_found({"p": "the quick brown fox jumps"}, path, 3) == [(2, ("p",)), (2, ("p",)), (2, ("p",))]


def test_a_window_does_not_reach_over_a_word_or_into_another_document(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    rows = [{"a": "the quick", "b": "brown fox"}, {"m": [{"deep": ["the quick dark brown fox"]}]}, {"n": 3}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert lines_found({"p": "the quick brown fox"}, path, 3) == []
    assert lines_found({"p": "the quick brown fox"}, path, 2) == [(1, ("p",)), (1, ("p",)), (2, ("p",)), (2, ("p",))]


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        list(map(list, read_documents(tmp_path / "absent.txt")))
    with pytest.raises(ValueError, match="0 words"):
        index_ngrams({}, 0)
