"""How sure a learner says to be: three words, each with the chance in per cent that it stands for."""

from __future__ import annotations

FAIRLY_SURE_PERCENT = 75
CERTAIN_PERCENT = 95
NO_OPTIONS_PERCENT = 25
"""What "a guess" stands for where a number is typed and no answers are offered; assumed."""
BANDS = ((0, 60, "a guess"), (60, 85, "fairly sure"), (85, 101, "certain"))
"""Said chances, per cent, that count as one word: from, below, word."""


def scale(answers: int | None) -> tuple[tuple[str, int], ...]:
    """Return the three words with their chance, per cent.

    ``answers``: how many answers the question offers; ``None``: a number is typed

    Blind guessing finds one of k answers in 1/k of the questions, so a guess is never less sure than that.

    Raises ``ValueError`` for fewer than two answers.

    >>> scale(3)
    (('a guess (33 %)', 33), ('fairly sure (75 %)', 75), ('certain (95 %)', 95))
    """
    if answers is not None and answers < 2:
        raise ValueError(f"answers must be at least two; got {answers}")
    guess = NO_OPTIONS_PERCENT if answers is None else round(100 / answers)
    words = (("a guess", guess), ("fairly sure", FAIRLY_SURE_PERCENT), ("certain", CERTAIN_PERCENT))
    return tuple((f"{word} ({percent} %)", percent) for word, percent in words)


def in_words(percent: int, *, is_right: bool) -> str:
    """Return what a said chance means after the answer is known, in one or two sentences."""
    word = next(word for low, high, word in BANDS if low <= percent < high)
    of_twenty = round(percent / 5)
    if word == "a guess":
        return (
            "You said it was a guess: a right guess is luck, so read why."
            if is_right
            else "You said it was a guess: now you know."
        )
    said = f"You said {percent}\N{NO-BREAK SPACE}%: of twenty such answers about {of_twenty} should be right"
    if is_right:
        return f"{said}, and this was one of them."
    if word == "certain":
        return f"{said}. This one was not: it is the kind of error that is not looked up on a ward."
    return f"{said}, and this was one of the others."
