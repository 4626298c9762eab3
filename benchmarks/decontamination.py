"""Decontamination against 350,000 ten-grams, beside a plain Python set and datatrove's filter on the same files.

    python benchmarks/decontamination.py --data DATA [--megabytes 800]

The corpus is made of the sentences of GSM8K's training rows in new orders; what is protected are GSM8K's test questions
and shuffled words, up to 350,000 ten-grams. Printed is MB of file a second, and whether the rows found are those of the
set. datatrove is left out where it is not installed (pip install datatrove spacy).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from memory import PeakMemory
from reasoncore.data.decontaminate import ItemText, ProtectedIndex, decontaminate
from reasoncore.data.decontaminate.remove import scan_shard
from reasoncore.data.executor import map_shards
from reasoncore.data.shards import shards_of
from reasoncore.data.words import words_of

NGRAMS, N = 350_000, 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("REASONCORE_DATA", ".")))
    parser.add_argument("--megabytes", type=int, default=800)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus.jsonl"
        sentences = read_sentences(given.data)
        write_corpus(corpus, sentences, given.megabytes * 10**6)
        items = protected(given.data, sentences)
        size = corpus.stat().st_size / 1e6
        began = time.perf_counter()
        index = ProtectedIndex.of((ItemText("eval", f"{i}", text) for i, text in enumerate(items)), N, common=0)
        grams = sum(len(table.hashes) for table in index.tables.values())
        print(f"index of {grams:,} n-grams: {time.perf_counter() - began:.1f} s")
        small = Path(folder) / "small.jsonl"
        write_corpus(small, sentences, 10**6)
        decontaminate([small], index, Path(folder) / "warm", workers=given.workers)  # imports
        began = time.perf_counter()
        with PeakMemory() as peak:
            outcome = decontaminate([corpus], index, Path(folder) / "out", workers=given.workers)
        took = time.perf_counter() - began
        print(f"reasoncore, {given.workers} processes, clean files and hashes written: {size / took:.0f} MB/s")
        began = time.perf_counter()
        rows = sum(found.rows for found in map_shards(scan_shard, (index, ()), shards_of(corpus), given.workers))
        took = time.perf_counter() - began
        print(f"  looking alone, {rows:,} rows: {size / took:.0f} MB/s")
        print(f"  most memory: this process {peak.own:.0f} MiB, the largest of the others {peak.largest_child:.0f} MiB")
        print(f"  {outcome.removed:,} of {outcome.rows:,} rows removed")
        ours = [row["row"] for row in rows_of(Path(folder) / "out" / "removed.jsonl")]
        check_set(corpus, items, ours)
        check_datatrove(corpus, items, Path(folder))


def check_set(corpus: Path, items: list[str], ours: list[int], rows: int = 5_000) -> None:
    """A loop over a set, on the first rows."""
    grams = {tuple(words[i : i + N]) for words in map(words_of, items) for i in range(len(words) - N + 1)}
    found, size = [], 0
    began = time.perf_counter()
    with corpus.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            if number > rows:
                break
            size += len(line)
            row = json.loads(line)
            for text in (row["prompt"], row["response"]):
                words = words_of(text)
                if any(tuple(words[i : i + N]) in grams for i in range(len(words) - N + 1)):
                    found.append(number)
                    break
    took = time.perf_counter() - began
    same = found == [row for row in ours if row <= rows]
    print(f"a set, one process: {size / 1e6 / took:.1f} MB/s on {rows:,} rows; the same rows: {same}")
    assert same


def check_datatrove(corpus: Path, items: list[str], folder: Path, rows: int = 2_000) -> None:
    """datatrove's n-gram filter with its English word tokenizer, on the first rows; making the index is not timed."""
    try:
        from datatrove.data import Document
        from datatrove.pipeline.decont import NGramsDecontConfig, NGramsDecontFilter
        from datatrove.utils.text import ngrams, simplify_text
    except ImportError:
        print("datatrove: not installed")
        return
    config = NGramsDecontConfig(n_grams=N, find_query_ngrams=True, find_overlap_ngrams=False)
    keep = NGramsDecontFilter(str(folder / "index"), config=config)
    words = (keep.tokenizer.word_tokenize(simplify_text(item, config.norm_config)) for item in items)
    grams = (" ".join(gram) for one in words for gram in ngrams(one, N))
    keep._index_hashes = dict.fromkeys(map(keep.hash_func, grams), "eval")
    size, removed, began = 0, 0, time.perf_counter()
    with corpus.open(encoding="utf-8") as stream:
        for line in islice(stream, rows):
            row = json.loads(line)
            size += len(line)
            removed += keep.filter(Document(text=f"{row['prompt']}\n{row['response']}", id=f"{row['id']}")) is not True
    took = time.perf_counter() - began
    print(f"datatrove's filter, one process: {size / 1e6 / took:.2f} MB/s on {rows:,} rows, {removed} removed")


def read_sentences(data: Path) -> list[str]:
    rows = rows_of(data / "gsm8k_train.jsonl")
    return [sentence for row in rows for sentence in f"{row['question']} {row['answer']}".split(". ")]


def write_corpus(path: Path, sentences: list[str], size: int) -> None:
    draw, written = random.Random(1), 0
    with path.open("w", encoding="utf-8") as stream:
        while written < size:
            prompt, response = (". ".join(draw.choices(sentences, k=k)) for k in (3, 12))
            written += stream.write(json.dumps({"id": written, "prompt": prompt, "response": response}) + "\n")


def protected(data: Path, sentences: list[str]) -> list[str]:
    """Real questions, and then shuffled sentences until there are enough n-grams."""
    items = [row["question"] for row in rows_of(data / "gsm8k_test.jsonl")]
    draw, count = random.Random(2), sum(max(0, len(words_of(item)) - N + 1) for item in items)
    words = [word for sentence in sentences for word in sentence.split()]
    while count < NGRAMS:
        item = draw.choices(words, k=100)
        items.append(" ".join(item))
        count += len(words_of(items[-1])) - N + 1
    return items


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as stream:
        yield from map(json.loads, stream)


if __name__ == "__main__":
    main()
