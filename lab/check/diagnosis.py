"""From what a probe saw to the mistake that explains it: one, or none."""

from lab.check import (
    consumer_mistakes,
    page_mistakes,
    product_mistakes,
    project_mistakes,
    python_mistakes,
    scale_mistakes,
)
from lab.check.evidence import Evidence
from lab.check.findings import Finding, Rule
from lab.check.source import Source

# The most specific first. Python's own words come before what was only observed, and an
# unexplained exception is told last of all, as the line that raises it.
RULES: tuple[Rule, ...] = (
    python_mistakes.seen_to_shadow,
    *scale_mistakes.RULES,
    *product_mistakes.RULES,
    *project_mistakes.FIRST_RULES,
    *consumer_mistakes.FIRST_RULES,
    *python_mistakes.RULES,
    *project_mistakes.RULES,
    *consumer_mistakes.RULES,
    *page_mistakes.RULES,
    python_mistakes.raised,
)


def diagnose(evidence: Evidence, source: Source) -> Finding | None:
    """The mistake that the evidence supports, or None when it supports none."""
    for rule in RULES:
        found = rule(evidence, source)
        if found is not None:
            return found
    return None
