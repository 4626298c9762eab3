"""What a build would ask the teacher, before anything is asked."""

from __future__ import annotations

from typing import Any

from reasoncore.data.build.pipeline import Build
from reasoncore.data.build.seeds import seed_problems
from reasoncore.data.request_cache import CHARACTERS_PER_TOKEN, Limits
from reasoncore.seeding import derive_seed

_ABOUT_QUERY = 150  # tokens of what is said around a query


def estimate(build: Build) -> dict[str, Any]:
    """Requests of each stage at most, and what they would cost if every answer were as long as it may be.

    Raises:
        UserInputError: As the build itself would: a source that cannot be read.
    """
    settings, teacher = build.settings, build.settings.teacher
    files, _ = build.check()
    seeds, characters = 0, 0
    for name, source in settings.sources.items():
        worked = seed_problems(name, source, files[name], derive_seed(settings.seed, name))
        seeds += len(worked)
        characters += sum(len(one.problem.prompt) for one in worked)
    prompt = characters // max(1, seeds) // CHARACTERS_PER_TOKEN
    stages: dict[str, tuple[int, int]] = {}
    if teacher.kind != "known":
        new = seeds * settings.expand.per_seed if settings.expand else 0
        if new:
            stages["expand"] = new, prompt + _ABOUT_QUERY
            stages["label"] = new * settings.label.samples, prompt
        if settings.quality.ask_teacher:
            stages["queries"] = seeds + new, prompt + _ABOUT_QUERY
        stages["distil"] = (seeds + new) * settings.distil.samples, prompt
        if settings.quality.reasoning_votes:
            traces = (seeds + new) * min(settings.distil.keep, settings.distil.samples)
            votes = traces * settings.quality.reasoning_votes
            stages["reasoning"] = votes, prompt + teacher.max_tokens + _ABOUT_QUERY
    limits = Limits(teacher.usd_per_million_prompt_tokens, teacher.usd_per_million_tokens)
    requests = sum(count for count, _ in stages.values())
    prompts = sum(count * size for count, size in stages.values())
    return {
        "seeds": seeds,
        "requests": {name: count for name, (count, _) in stages.items()},
        "prompt_tokens": prompts,
        "tokens_at_most": requests * teacher.max_tokens,
        "usd_at_most": limits.usd(prompts, requests * teacher.max_tokens),
        "cap_usd": teacher.most_usd,
        "settings": settings.model_dump(mode="json"),
    }


def estimate_text(found: dict[str, Any]) -> str:
    """For people."""
    lines = [f"{found['seeds']:,} seeds"]
    lines += [f"  {name}: at most {count:,} requests" for name, count in found["requests"].items()] or ["  no requests"]
    cap = "no cap" if found["cap_usd"] is None else f"cap {found['cap_usd']:.2f} USD"
    lines.append(
        f"about {found['prompt_tokens']:,} prompt tokens, at most {found['tokens_at_most']:,} sampled ones: "
        f"{found['usd_at_most']:.2f} USD at most ({cap}); what is in the cache costs nothing"
    )
    return "\n".join(lines)
