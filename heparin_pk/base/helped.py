"""Classes whose ``help`` fits a screen: it shows what a reader calls, not what the language and the machinery of a run need."""

from __future__ import annotations


class Helped(type):
    """Metaclass of a dataclass whose ``help`` and ``dir`` leave out its fields, which its docstring explains, and its machinery.

    Names of the machinery stand in ``_machinery`` of the class. Instances and their completion are as ever.
    """

    def __dir__(cls) -> list[str]:
        """Return the names that help shows."""
        hidden = {*getattr(cls, "__dataclass_fields__", ()), *getattr(cls, "_machinery", ())}
        return [name for name in super().__dir__() if not name.startswith("_") and name not in hidden]
