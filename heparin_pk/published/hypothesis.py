"""A covariate effect that a paper contradicts: kept to show what it would predict, off until it is asked for."""

from dataclasses import dataclass

from heparin_pk.base.checks import check_is, shown
from heparin_pk.base.source import Source
from heparin_pk.body.covariate import Covariate


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Hypothesis:
    """A covariate effect with the papers that speak against it; ``drug.with_hypotheses(name)`` switches it on.

    ``effect``: the covariate effect; its name is the name of the hypothesis.
    ``against``: the papers that contradict it, and the place in each (one at least).
    ``supporting``: papers besides its own that found an effect in the same direction.

    Raises ``ValueError`` when ``effect`` is no :class:`Covariate`, ``against`` names no :class:`Source`, or ``supporting`` holds
    anything else.
    """

    effect: Covariate
    against: tuple[Source, ...]
    supporting: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        check_is("effect", self.effect, Covariate, "a Covariate")
        for name in ("against", "supporting"):
            check_is(name, getattr(self, name), (list, tuple), "a list of Source")
            object.__setattr__(self, name, tuple(getattr(self, name)))
            for source in getattr(self, name):
                check_is(name, source, Source, "a Source")
        if not self.against:
            raise ValueError(f"{self.effect.name}: against must name one paper at least; got none")

    __repr__ = shown

    @property
    def name(self) -> str:
        """The name that switches it on and off."""
        return self.effect.name

    def in_words(self) -> str:
        """Return the hypothesis as the patient would say it, who found the like, and who contradicts it."""
        found, contradicted = (
            ", ".join(dict.fromkeys(source.key.replace("_", " ") for source in group))
            for group in ((self.effect.effect.source, *self.supporting), self.against)
        )
        return f'Not in this model: "{self.effect.words}" (a hypothesis, {found}; against it: {contradicted})'
