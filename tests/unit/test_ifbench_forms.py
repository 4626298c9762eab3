"""IFBench's constraints on form, on repeating and of one prompt: what follows, what does not, and oddities kept."""

from __future__ import annotations

import csv
import io
import re
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ifbench_case import Case, check_case

from reasoncore.verify.constraints.ifbench_csv import csv_special_character
from reasoncore.verify.constraints.ifbench_format import line_indent
from reasoncore.verify.constraints.ifbench_table import IFBENCH_CONSTRAINTS

REQUEST = "Write a\npoem now."
COUNTRIES = "".join(f"{letter}{second}\n" for letter in "YXWVUTSRQPONM" for second in "zyxw")[:-1]
CITY = "ID,Country,City,Year,Count\n" + "1,Peru,Lima,2020,3\n" * 6 + '7,"Peru, or so",Lima,2020,3'
PRODUCT = "ProductID,Category,Brand,Price,Stock\n" + "1,a,b,9.99,3\n" * 13
STUDENT = '"StudentID"\t"Subject"\t"Grade"\t"Semester"\t"Score"\n'
MARKS = '"1"\t"art"\t"B"\t "2"\t"70"\n'
CAPITALS = (
    "Reykjavík, Helsinki, Oslo, Tallinn, Stockholm, Riga, Moscow, Copenhagen, Vilnius, Minsk, Dublin, Berlin, "
    "Amsterdam, Warsaw, London, Brussels, Prague, Luxembourg, Paris, Vienna, Bratislava, Budapest, Vaduz, Chișinău, "
    "Bern, Ljubljana, Zagreb"
)
STORY = " ".join(f"{letter} comes." for letter in string.ascii_uppercase)


def quiz(*lengths: int, options: str = "ABCDE") -> str:
    lines = "".join(f"{letter}) x\n" for letter in options)
    return "\n\n".join(f"Question {number}. {'w' * size}\n{lines}" for number, size in enumerate(lengths, start=1))


# id, arguments, responses that follow, responses that do not
CASES: list[Case] = [
    (
        "format:emoji",
        {},
        ["Yes 😀. No 🎉!", "Yes. 😀 No! 🎉", "I ❤️", "© here ©"],
        ["Yes 😀. No.", "😀 Yes.", "Yes 🇫🇷", "Yes 😀. ...", "one"],
    ),
    (
        "format:line_indent",
        {},
        ["a\n b\n   c", "a\n\n b\n\n  c", "one", "\na\n b"],
        ["a\nb", "  a\n b", "a\n\n\n b", "a\n\tb", "\n\na\n b"],
    ),
    ("format:list", {"sep": "!?!?"}, ["!?!? a\n!?!? b", "a !?!?!?!?"], ["!?!? a", "- a\n- b"]),
    ("format:list", {"sep": "."}, ["a. b."], ["a bc."]),
    ("format:newline", {}, ["a\nb.\n\n-\n\nc", "a"], ["a b\nc", "a b", "a\n- \nb"]),
    (
        "format:no_bullets_bullets",
        {},
        ["Yes. No.\n* a\n* b", "Yes.\nNo\n\n  * a\n*b", "Yes? No\n**a**\n* b"],
        ["Yes.\n* a\n* b", "Yes. No.\n* a", "Yes. No.\n* a\n* b\n", "Yes.\n\nNo.\n* a\n* b", "Yes. No."],
    ),
    ("format:no_whitespace", {}, ["a-b"], ["a b", "a\n", "a\u00a0b"]),
    ("format:options", {"options": "yes/no/maybe"}, ["Yes.", " no ", '"MAYBE!"'], ["yes/no", "yes\n", "yes, it is"]),
    ("format:options", {"options": "I know or I don't know"}, ["i know", "I don't know."], ["I dont know", "know"]),
    ("format:options", {"options": "a), b), c), d)"}, ["a)", "d)"], ["a", "A)", "a) ", "e)"]),
    ("format:options", {"options": "red, blue"}, ["Red", "blue."], ["red, blue", "green"]),
    (
        "format:output_template",
        {},
        ["My Answer: a My Conclusion: b Future Outlook: c", "Future Outlook: My Conclusion:\nMy Answer:"],
        ["My Answer: a My Conclusion: b", "my answer: a My Conclusion: b Future Outlook: c"],
    ),
    (
        "format:parentheses",
        {},
        ["([{([])}])", "((((( a )", "] (((((a)"],
        ["([{()}])", "(((((", "((((] ( ( ) )", "((((( ] ()"],
    ),
    ("format:quotes", {}, ['"a \'b "c" d\' e"', "'\"'x'\"'"], ["\"a 'b' c\"", '"\'"', "no", '"a" "b" "c"']),
    (
        "format:quote_unquote",
        {},
        ['"a" means b', "no quotes", '"a", so "b" c', "ends in '\"'", "“a”"],
        ['say "a"', 'say "a".', '"a" "b" c', '"a"\n"b" c'],
    ),
    ("format:sub-bullets", {}, ["* a\n - b\n* c\n - d", "no asterisk", "*-"], ["* a\n* b\n - c", "**a** - b", "* a"]),
    (
        "format:thesis",
        {},
        ["<i>a</i> b", "x <em>a</em>", "<em></em>", "<i>a</em> b"],
        ["<i> </i> b", "<i>a</i> ", "<i>a", "a</i> b", "*a* b"],
    ),
    (
        "format:title_case",
        {},
        ["The USA And I", "iPhone Sales: 3rd", "Well-known Facts (New)", "It's Here"],
        ["The cat", "The tHE", "A Cat's tail", "Don't Go", "a Cat"],
    ),
    (
        "repeat:repeat_change",
        {"prompt_to_repeat": REQUEST},
        ["Read a poem now.", "Write a poem now."],
        [REQUEST, "Read a poem", "Please write a poem now.", "Read A poem now."],
    ),
    (
        "repeat:repeat_simple",
        {},
        [" only output this sentence here, ignore all other requests.\n"],
        ["Only output this sentence here, ignore all other requests", "Only output this sentence here."],
    ),
    (
        "repeat:repeat_span",
        {"prompt_to_repeat": REQUEST, "n_start": 1, "n_end": 2},
        ["a poem", " A POEM\n"],
        ["a", "a poem now.", "a\npoem", "rite"],
    ),
    ("repeat:repeat_span", {"prompt_to_repeat": REQUEST, "n_start": 0, "n_end": 0}, ["write"], ["w", "write a"]),
    ("custom:multiples", {}, ["14, 21, 28, 35, 42, 49", "14,21,28,35,42,49"], ["7 14 21 28 35 42 49", "14 21"]),
    (
        "custom:mcq_count_length",
        {},
        [quiz(3, 4, 5, 6), quiz(3, 4, 5, 6).replace(") x", ".x")],
        [quiz(3, 4, 5), quiz(3, 4, 4, 6), quiz(3, 4, 5, 6, options="ABCD"), "Here: " + quiz(3, 4, 5, 6)],
    ),
    (
        "custom:reverse_newline",
        {},
        [
            f"In order:\nZimbabwe\n{COUNTRIES}",
            f"- **Zimbabwe**\n\n{COUNTRIES}",
            f"Zimbabwe\nZimbabwe\n{COUNTRIES[:-9]}\nÁ",
        ],
        [COUNTRIES, f"Zimbabwe\n{COUNTRIES[:-6]}", f"{COUNTRIES}\nZimbabwe", f"Zimbabwe\n{COUNTRIES}\nZ"],
    ),
    (
        "custom:word_reverse",
        {},
        ["Symbol the is Eagle Bald The.", "eagle, bald"],
        ["The bald eagle", "yekrut", "eagle"],
    ),
    ("custom:character_reverse", {}, [".su eht fo lobmys eht si ELGAE dlab"], ["The bald eagle", "dlab elgae"]),
    (
        "custom:sentence_alphabet",
        {},
        [STORY, STORY.replace("B comes.", '"b comes!"'), STORY.lower()],
        [STORY[:-9], f"{STORY} A.", STORY.replace("M comes", "N comes"), STORY.replace("B comes", "É comes")],
    ),
    (
        "custom:european_capitals_sort",
        {},
        [CAPITALS, CAPITALS.replace("á", "a") + ","],
        [CAPITALS[:-8], CAPITALS.lower(), CAPITALS.replace("Oslo, Tallinn", "Tallinn, Oslo"), f"{CAPITALS}."],
    ),
    (
        "custom:date_format_list",
        {},
        ["1796-04-12, 1815-06-18", "1800-00-99", "1769-02-29, 1821-12-31"],
        [
            "1796-4-12",
            "12-04-1796",
            "1822-01-01",
            "1768-12-31",
            "1800-13-01",
            "1800-04-31",
            "1800-02-30",
            "1800-01-01.",
        ],
    ),
    (
        "custom:csv_city",
        {},
        [CITY, CITY + "\n"],
        [
            CITY[:-20],
            CITY + "\n\n",
            CITY + "\n8,Peru,Lima,2020,3",
            CITY.replace("ID", "Id"),
            CITY.replace("Lima,", ""),
            "a" * 140_000,
        ],
    ),
    (
        "custom:csv_special_character",
        {},
        [f'{PRODUCT}1,"a!",b,9,3', PRODUCT.replace(",C", ', "C').replace("y,", 'y",', 1) + '1,"a, b",b,9,3'],
        [f"{PRODUCT}1,a!,b,9,3", f'{PRODUCT}1,"a b",b,9,3', f'{PRODUCT[13:]}1,"a!",b,9,3', f'{PRODUCT}1,"a!"'],
    ),
    (
        "custom:csv_quotes",
        {},
        [STUDENT + MARKS * 3],
        [
            STUDENT + MARKS * 2,
            STUDENT + MARKS * 2 + MARKS.replace('"B"', "B"),
            STUDENT + MARKS * 2 + MARKS.replace('"B"', 'B"'),
            MARKS * 4,
            STUDENT + MARKS * 2 + "\t\t\t\t",
        ],
    ),
]


def test_every_one_has_a_case() -> None:
    kinds = ("format:", "repeat:", "custom:")
    assert {name for name, *_ in CASES} == {name for name in IFBENCH_CONSTRAINTS if name.startswith(kinds)}


@pytest.mark.parametrize(("name", "arguments", "good", "bad"), CASES, ids=[case[0] for case in CASES])
def test_what_follows_and_what_does_not(name: str, arguments: dict[str, Any], good: list[str], bad: list[str]) -> None:
    check_case(name, arguments, good, bad)


@given(st.lists(st.sampled_from(["", " ", "  ", "\t", "a", " a", "  a", "   a", "    a"]), max_size=9))
@settings(max_examples=500, deadline=None)
def test_blank_lines_go_as_in_a_list_that_changes_under_its_loop(lines: list[str]) -> None:
    kept = lines[:]
    for line in kept:
        if not line.strip():
            kept.remove(line)
    indents = [len(line) - len(line.lstrip(" ")) for line in kept]
    assert line_indent("\n".join(lines)) == (indents == sorted(set(indents)))


@given(st.text(alphabet=st.sampled_from('"!a \n'), max_size=12))
@settings(max_examples=500, deadline=None)
def test_special_fields_are_those_that_the_pattern_of_the_reference_finds(field: str) -> None:
    response = f'{PRODUCT}1,"{field}",b,9,3'
    rows = list(csv.reader(io.StringIO(response.replace('"', '"""'))))
    found = any(re.match(r'".*[^\d\w\s].*"', field) for field in rows[-1])
    assert csv_special_character(response) == (len(rows) == 15 and len(rows[-1]) == 5 and found)
