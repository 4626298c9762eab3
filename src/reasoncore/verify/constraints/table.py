"""The table of constraints: what each id checks and which arguments it takes. A further one is a function and a row.

The 25 ids here are those of google-research's ``instruction_following_eval`` (IFEval, arXiv 2311.07911); their meaning
is that of the checkers in lm-eval 0.4.13, oddities included. Each oddity stands in the docstring of its function.
"""

from __future__ import annotations

from reasoncore.verify.constraints.arguments import (
    read_character,
    read_count,
    read_keyword,
    read_keywords,
    read_language,
    read_relation,
    read_text,
)
from reasoncore.verify.constraints.checks_format import (
    constrained_response,
    end_checker,
    json_format,
    multiple_sections,
    no_comma,
    number_bullet_lists,
    number_highlighted_sections,
    number_placeholders,
    postscript,
    quotation,
    repeat_prompt,
    title,
    two_responses,
)
from reasoncore.verify.constraints.checks_language import (
    capital_word_frequency,
    english_capital,
    english_lowercase,
    response_language,
)
from reasoncore.verify.constraints.checks_words import (
    forbidden_words,
    keyword_frequency,
    keywords_exist,
    letter_frequency,
    nth_paragraph_first_word,
    number_paragraphs,
    number_sentences,
    number_words,
)
from reasoncore.verify.constraints.constraint import Constraint
from reasoncore.verify.constraints.ifbench_table import IFBENCH_CONSTRAINTS

IFEVAL_CONSTRAINTS: dict[str, Constraint] = {
    "keywords:existence": Constraint(keywords_exist, {"keywords": read_keywords}),
    "keywords:frequency": Constraint(
        keyword_frequency, {"keyword": read_keyword, "frequency": read_count, "relation": read_relation}
    ),
    "keywords:forbidden_words": Constraint(forbidden_words, {"forbidden_words": read_keywords}),
    "keywords:letter_frequency": Constraint(
        letter_frequency, {"letter": read_character, "let_frequency": read_count, "let_relation": read_relation}
    ),
    "language:response_language": Constraint(response_language, {"language": read_language}, needs_langdetect=True),
    "length_constraints:number_sentences": Constraint(
        number_sentences, {"num_sentences": read_count, "relation": read_relation}
    ),
    "length_constraints:number_paragraphs": Constraint(number_paragraphs, {"num_paragraphs": read_count}),
    "length_constraints:number_words": Constraint(number_words, {"num_words": read_count, "relation": read_relation}),
    "length_constraints:nth_paragraph_first_word": Constraint(
        nth_paragraph_first_word,
        {"num_paragraphs": read_count, "nth_paragraph": read_count, "first_word": read_text},
    ),
    "detectable_content:number_placeholders": Constraint(number_placeholders, {"num_placeholders": read_count}),
    "detectable_content:postscript": Constraint(postscript, {"postscript_marker": read_keyword}),
    "detectable_format:number_bullet_lists": Constraint(number_bullet_lists, {"num_bullets": read_count}),
    "detectable_format:constrained_response": Constraint(constrained_response),
    "detectable_format:number_highlighted_sections": Constraint(
        number_highlighted_sections, {"num_highlights": read_count}
    ),
    "detectable_format:multiple_sections": Constraint(
        multiple_sections, {"section_spliter": read_keyword, "num_sections": read_count}
    ),
    "detectable_format:json_format": Constraint(json_format),
    "detectable_format:title": Constraint(title),
    "combination:two_responses": Constraint(two_responses),
    "combination:repeat_prompt": Constraint(repeat_prompt, {"prompt_to_repeat": read_text}),
    "startend:end_checker": Constraint(end_checker, {"end_phrase": read_text}),
    "startend:quotation": Constraint(quotation),
    "change_case:capital_word_frequency": Constraint(
        capital_word_frequency, {"capital_frequency": read_count, "capital_relation": read_relation}
    ),
    "change_case:english_capital": Constraint(english_capital, needs_langdetect=True),
    "change_case:english_lowercase": Constraint(english_lowercase, needs_langdetect=True),
    "punctuation:no_comma": Constraint(no_comma),
}

CONSTRAINTS: dict[str, Constraint] = IFEVAL_CONSTRAINTS | IFBENCH_CONSTRAINTS
