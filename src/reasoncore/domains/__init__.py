"""Domains: prompt, answer extraction and choice of verifier, one row of a table each."""

from reasoncore.domains.table import DOMAINS, Domain, Verifier

__all__ = ["DOMAINS", "Domain", "Verifier"]
