"""Where the benchmark files come from: pinned to a commit and a hash, or a place to fetch them from by hand.

Hashes of files that this project has not read are as several others publish them for the same commit.
"""

from __future__ import annotations

from functools import partial

from reasoncore.evals.benchmarks.row import Pin

_GITHUB, _HUB = partial(Pin, "github"), partial(Pin, "huggingface")
_GRADE_SCHOOL = partial(_GITHUB, "openai/grade-school-math", "3101c7d5072418e28b9008a6636bde82a006892c")
_SUPERHUMAN = partial(_GITHUB, "google-deepmind/superhuman", "96fa6c4cc3a9bb7450ee7b6773b659d3a030dace")
_GOOGLE = partial(_GITHUB, "google-research/google-research", "8dadc6c56e2c2e51a9dd7e0d4bf2840922b4b6c0")

GSM8K = _GRADE_SCHOOL(
    "grade_school_math/data/test.jsonl", "3730d312f6e3440559ace48831e51066acaca737f6eabec99bccb9e4b3c39d14"
)
GSM8K_TRAIN = _GRADE_SCHOOL(
    "grade_school_math/data/train.jsonl", "17f347dc51477c50d4efb83959dbb7c56297aba886e5544ee2aaed3024813465"
)
MATH500 = _HUB(
    "HuggingFaceH4/MATH-500",
    "6e4ed1a2a79af7d8630a6b768ec859cb5af4d3be",
    "test.jsonl",
    "35dc41080a3680858b27fa7e0533d2d547825316fc5dafe5d316f4ccc5a06132",
)
AIME26 = _HUB(
    "MathArena/aime_2026",
    "d2de22f3c656b4f56cf8981212186377d1e23bc3",
    "data/train-00000-of-00001.parquet",
    "d91db799651b4cc1f0734f52792a695c9cc60dac342524b3d8e5b2ff31c3e957",
)
IMO_ANSWERBENCH_V1 = _SUPERHUMAN(
    "imobench/answerbench.csv", "37aeca686ce677f93580821cfe16a0c0e45872479a502df43272e099da37d8fa"
)
IMO_ANSWERBENCH_V2 = _SUPERHUMAN(
    "imobench/answerbench_v2.csv", "275877a9d988d85278fad3a5f8a41d7f83393a60bf259531ec0a5161e6b21cf9"
)
LIVECODEBENCH_V6 = _HUB(
    "livecodebench/code_generation_lite",
    "0fe84c3912ea0c4d4a78037083943e8f0c4dd505",
    "test6.jsonl",
    "bb4c364f71921c4495a6ad15abe1a927350b720009f4933e2e71f8af0f6fd1f5",
)
MBPP = _GOOGLE("mbpp/mbpp.jsonl", "ccf64ceae9c5403bf50a044cb6d505bfd2a2963ee58338ba268fd65beab92a9f")
OJBENCH = _HUB(
    "He-Ren/OJBench_testdata",
    "61cf9986f22c25d08e1657b03742124099c74353",
    "prompts/full.jsonl",
    "bcc8c94eb1fefb856355aa8b5a3e20cc0a2112f5436c5d83ab686edb417bce2c",
)
IFEVAL = _GOOGLE(
    "instruction_following_eval/data/input_data.jsonl",
    "67ffeee0fcb87c317c5b08a2de85557b4a7e96ada6178aa645b4954fe4b53d49",
)

AIME = "https://github.com/WeiboAI/VibeThinker, eval/math"
HMMT25 = "https://huggingface.co/datasets/MathArena/hmmt_feb_2025"
BRUMO25 = "https://huggingface.co/datasets/MathArena/brumo_2025"
GPQA = "https://huggingface.co/datasets/Idavidrein/gpqa, whose terms have to be accepted"
HUMANEVAL = "https://huggingface.co/datasets/THUDM/humaneval-x, its Python part"
LEETCODE = "https://github.com/newfacade/LeetCodeDataset, data/LeetCodeDataset-v0.3.1-test.jsonl.gz, unpacked"
IFBENCH = "https://github.com/allenai/IFBench, data/IFBench_test.jsonl"
