"""Domains: how each asks, where its problems come from and who judges, one row of a table each."""

from reasoncore.domains.cases import grader_of, problem_row, read_problem_row
from reasoncore.domains.judge import Judge, cut_off
from reasoncore.domains.own import load_domains
from reasoncore.domains.table import DOMAINS, Domain, ReadFile, Verifier

__all__ = [
    "DOMAINS",
    "Domain",
    "Judge",
    "ReadFile",
    "Verifier",
    "cut_off",
    "grader_of",
    "load_domains",
    "problem_row",
    "read_problem_row",
]
