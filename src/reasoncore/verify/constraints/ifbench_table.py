"""The 58 constraints of IFBench (arXiv 2507.02833), with the arguments as its prompts name them.

Their meaning is that of the checkers of allenai/IFBench at commit 1d62c1d, oddities included. Six of them were read
otherwise in the versions that the first published scores come from, and their docstrings say how. What the reference
gets from a downloaded model or list (Punkt, a tagger, syllables, emoji) is done by rule or from a list here, and the
docstring of the function, or of the module that it names, says so.

An argument that is absent is drawn at random by the reference, so that no data can leave one out.
"""

from __future__ import annotations

from reasoncore.verify.constraints import (
    ifbench_counts,
    ifbench_csv,
    ifbench_custom,
    ifbench_format,
    ifbench_repeats,
    ifbench_sentences,
    ifbench_words,
)
from reasoncore.verify.constraints.arguments import (
    read_count,
    read_keyword,
    read_percentage,
    read_text,
    read_whole_number,
)
from reasoncore.verify.constraints.constraint import Constraint

IFBENCH_CONSTRAINTS: dict[str, Constraint] = {
    "count:word_count_range": Constraint(
        ifbench_counts.word_count_range, {"min_words": read_whole_number, "max_words": read_whole_number}
    ),
    "count:unique_word_count": Constraint(ifbench_counts.unique_word_count, {"N": read_count}),
    "count:conjunctions": Constraint(ifbench_counts.conjunctions, {"small_n": read_count}),
    "count:person_names": Constraint(ifbench_counts.person_names, {"N": read_count}),
    "count:numbers": Constraint(ifbench_counts.numbers, {"N": read_whole_number}),
    "count:pronouns": Constraint(ifbench_counts.pronouns, {"N": read_count}),
    "count:punctuation": Constraint(ifbench_counts.punctuation),
    "count:keywords_multiple": Constraint(
        ifbench_counts.keywords_multiple,
        dict.fromkeys(("keyword1", "keyword2", "keyword3", "keyword4", "keyword5"), read_keyword),
    ),
    "count:words_japanese": Constraint(ifbench_counts.words_japanese, {"N": read_count}),
    "ratio:stop_words": Constraint(ifbench_counts.stop_words, {"percentage": read_percentage}),
    "ratio:overlap": Constraint(ifbench_counts.overlap, {"reference_text": read_text, "percentage": read_percentage}),
    "ratio:sentence_type": Constraint(ifbench_sentences.sentence_type),
    "ratio:sentence_balance": Constraint(ifbench_sentences.sentence_balance),
    "ratio:sentence_words": Constraint(ifbench_sentences.sentence_words),
    "sentence:alliteration_increment": Constraint(ifbench_sentences.alliteration_increment),
    "sentence:increment": Constraint(ifbench_sentences.increment, {"small_n": read_whole_number}),
    "sentence:keyword": Constraint(ifbench_sentences.sentence_keyword, {"word": read_keyword, "N": read_count}),
    "words:keywords_specific_position": Constraint(
        ifbench_sentences.keywords_specific_position, {"keyword": read_keyword, "n": read_count, "m": read_count}
    ),
    "words:last_first": Constraint(ifbench_sentences.last_first),
    "words:alphabet": Constraint(ifbench_words.alphabet),
    "words:vowel": Constraint(ifbench_words.vowel),
    "words:consonants": Constraint(ifbench_words.consonants),
    "words:palindrome": Constraint(ifbench_words.palindrome),
    "words:prime_lengths": Constraint(ifbench_words.prime_lengths),
    "words:repeats": Constraint(ifbench_words.repeats, {"small_n": read_count}),
    "words:no_consecutive": Constraint(ifbench_words.no_consecutive),
    "words:odd_even_syllables": Constraint(ifbench_words.odd_even_syllables),
    "words:paragraph_last_first": Constraint(ifbench_words.paragraph_last_first),
    "words:start_verb": Constraint(ifbench_words.start_verb),
    "words:words_position": Constraint(ifbench_words.words_position, {"keyword": read_keyword}),
    "format:emoji": Constraint(ifbench_format.emoji),
    "format:line_indent": Constraint(ifbench_format.line_indent),
    "format:list": Constraint(ifbench_format.list_marker, {"sep": read_keyword}),
    "format:newline": Constraint(ifbench_format.newline),
    "format:no_bullets_bullets": Constraint(ifbench_format.no_bullets_bullets),
    "format:no_whitespace": Constraint(ifbench_format.no_whitespace),
    "format:options": Constraint(ifbench_format.one_of_options, {"options": read_keyword}),
    "format:output_template": Constraint(ifbench_format.output_template),
    "format:parentheses": Constraint(ifbench_format.parentheses),
    "format:quote_unquote": Constraint(ifbench_format.quote_unquote),
    "format:quotes": Constraint(ifbench_format.quotes),
    "format:sub-bullets": Constraint(ifbench_format.sub_bullets),
    "format:thesis": Constraint(ifbench_format.thesis),
    "format:title_case": Constraint(ifbench_format.title_case),
    "repeat:repeat_change": Constraint(ifbench_repeats.repeat_change, {"prompt_to_repeat": read_text}),
    "repeat:repeat_simple": Constraint(ifbench_repeats.repeat_simple),
    "repeat:repeat_span": Constraint(
        ifbench_repeats.repeat_span,
        {"prompt_to_repeat": read_text, "n_start": read_whole_number, "n_end": read_whole_number},
    ),
    "custom:multiples": Constraint(ifbench_custom.multiples),
    "custom:mcq_count_length": Constraint(ifbench_custom.mcq_count_length),
    "custom:reverse_newline": Constraint(ifbench_custom.reverse_newline),
    "custom:word_reverse": Constraint(ifbench_custom.word_reverse),
    "custom:character_reverse": Constraint(ifbench_custom.character_reverse),
    "custom:sentence_alphabet": Constraint(ifbench_custom.sentence_alphabet),
    "custom:european_capitals_sort": Constraint(ifbench_custom.european_capitals_sort),
    "custom:date_format_list": Constraint(ifbench_custom.date_format_list),
    "custom:csv_city": Constraint(ifbench_csv.csv_city),
    "custom:csv_special_character": Constraint(ifbench_csv.csv_special_character),
    "custom:csv_quotes": Constraint(ifbench_csv.csv_quotes),
}
