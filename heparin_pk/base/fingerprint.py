"""Fingerprints: what an object is, so that two objects with one fingerprint calculate the same numbers.

A fingerprint covers the state of an object and of everything it holds, and the code behind it: bytecode, constants, defaults and
closures of functions, attributes and methods of classes, and the global names that code refers to. The bytecode is used, not the
source text: it is what runs, also in a notebook and after a file was edited. Of the standard library and of installed packages
(this one too) the name and the version are enough.
"""

from __future__ import annotations

import copyreg
import dataclasses
import dis
import enum
import functools
import hashlib
import importlib.util
import sys
import sysconfig
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

_UNIMPORTANT = {
    "__abstractmethods__",
    "__annotate__",
    "__annotate_func__",
    "__annotations__",
    "__annotations_cache__",
    "__dataclass_fields__",
    "__dataclass_params__",
    "__dict__",
    "__doc__",
    "__firstlineno__",
    "__module__",
    "__non_callable_proto_members__",
    "__orig_bases__",
    "__parameters__",
    "__protocol_attrs__",
    "__qualname__",
    "__slotnames__",
    "__slots__",
    "__static_attributes__",
    "__type_params__",
    "__weakref__",
    "_abc_impl",
    "_is_protocol",
    "_is_runtime_protocol",
}
"""Attributes of a class that change no number."""
_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis), type(NotImplemented), range)
_DESCRIPTORS = (types.MemberDescriptorType, types.GetSetDescriptorType)


def fingerprint(value: Any, name: str = "value", *, strict: bool = True) -> str:
    """Return what tells a value from every value that calculates other numbers: the same in every process.

    ``name``: what the value is called in an error message.
    ``strict``: refuse what has no state to compare; ``False``: such a part is told apart by its identity, so that the
    fingerprint is good for a comparison within this process only.

    Raises ``ValueError`` that names the attribute which cannot be compared (an open file, a generator, a lock).

    >>> fingerprint({"rate": 500}) == fingerprint({"rate": 500}), fingerprint({"rate": 500}) == fingerprint({"rate": 2000})
    (True, False)
    """
    try:
        return _Walk(strict=strict).digest(value, name).hex()
    except RecursionError:
        raise ValueError(f"{name} is nested too deeply to be compared") from None


class _Walk:
    """One walk through a value: it knows the objects it is in, and the code it has seen."""

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self._inside: dict[int, int] = {}  # objects that are being walked, by id: how deep
        self._code_seen: dict[int, int] = {}  # functions, classes and modules by id: in which order they came
        self._kept: list[Any] = []  # what was seen stays alive, so that no id is used again

    def digest(self, value: Any, path: str) -> bytes:
        """Return the fingerprint of a value; ``path`` says where it is."""
        parts = hashlib.sha256()
        for part in self._parts(value, path):
            parts.update(len(part).to_bytes(8, "big") + part)
        return parts.digest()

    def _parts(self, value: Any, path: str) -> Iterator[bytes]:
        kind = type(value)
        yield _name(kind)
        if kind in _PLAIN:
            yield repr(value).encode("utf-8", "surrogatepass")
        elif isinstance(value, types.FunctionType | types.ModuleType | type | types.CodeType):
            yield from self._of_code(value, path)
        elif id(value) in self._inside:
            yield f"the object {len(self._inside) - self._inside[id(value)]} around it".encode()
        else:
            self._inside[id(value)] = len(self._inside)
            self._kept.append(value)
            yield from self._of_data(value, path)
            del self._inside[id(value)]

    def _of_data(self, value: Any, path: str) -> Iterator[bytes]:
        kind = type(value)
        if kind in (tuple, list):
            for i, item in enumerate(value):
                yield self.digest(item, f"{path}[{i}]")
        elif kind in (dict, types.MappingProxyType):  # in its own order: code that reads it sees that order
            for key, item in value.items():
                yield self.digest(key, f"a key of {path}")
                yield self.digest(item, f"{path}[{key!r}]")
        elif kind in (set, frozenset):
            yield from sorted(_Walk(strict=self.strict).digest(item, f"an item of {path}") for item in value)
        elif kind is np.ndarray and not value.dtype.hasobject:
            yield f"{value.dtype.str} {value.dtype.descr if value.dtype.names else ''} {value.shape}".encode()
            yield value.tobytes()
        elif isinstance(value, np.generic) and not value.dtype.hasobject:
            yield value.dtype.str.encode() + value.tobytes()
        elif isinstance(value, enum.Enum):
            yield value.name.encode()
            yield from self._items(path, {"class": kind, "value": value._value_})
        elif kind in (staticmethod, classmethod):
            yield self.digest(value.__func__, path)
        elif kind is property:
            yield from self._items(path, {"get": value.fget, "set": value.fset, "delete": value.fdel})
        elif kind is functools.cached_property:
            yield self.digest(value.func, path)
        elif kind is types.MethodType:
            yield from self._items(path, {"function": value.__func__, "self": value.__self__})
        elif callable(value) and isinstance(getattr(value, "__wrapped__", None), types.FunctionType):
            yield self.digest(value.__wrapped__, path)  # a cache or a compiler around a function
        else:
            yield from self._of_object(value, path)

    def _items(self, path: str, items: dict[str, Any]) -> Iterator[bytes]:
        for name, item in sorted(items.items()):
            yield name.encode()
            yield self.digest(item, f"{path}.{name}")

    def _of_object(self, value: Any, path: str) -> Iterator[bytes]:
        """Yield class and state of an object: what :mod:`pickle` would keep, and what its class says of it."""
        kind = type(value)
        yield self.digest(kind, f"the class of {path}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                reduced = copyreg.dispatch_table[kind](value) if kind in copyreg.dispatch_table else value.__reduce_ex__(4)
        except Exception as error:
            if self.strict:
                raise ValueError(f"{path} cannot be compared: a {kind.__qualname__} has no state to read ({error})") from None
            yield str(id(value)).encode()
            return
        if isinstance(reduced, str):
            yield reduced.encode()
            return
        made, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
        yield self.digest(made, path)
        if made is not copyreg.__newobj__ or arguments != (kind,):  # type: ignore[attr-defined]
            yield self.digest(tuple(one for one in arguments if one is not kind), path)
        yield from self._of_state(kind, state, path)
        yield from (self.digest(list(each or ()), path) for each in (items, pairs))

    def _of_state(self, kind: type, state: Any, path: str) -> Iterator[bytes]:
        slots: Any = None
        if isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], dict):
            state, slots = state
        for part in (state, slots):
            if type(part) is dict and all(isinstance(name, str) for name in part):
                own = {name: item for name, item in part.items() if not _is_cached(kind, name)}
                yield from self._items(path, own)
            elif type(part) is list and dataclasses.is_dataclass(kind) and len(part) == len(dataclasses.fields(kind)):
                names = (field.name for field in dataclasses.fields(kind))  # frozen, with slots
                yield from self._items(path, dict(zip(names, part, strict=True)))
            elif part is not None:
                yield self.digest(part, path)

    # Code

    def _of_code(self, value: Any, path: str) -> Iterator[bytes]:
        if id(value) in self._code_seen:
            yield f"code {self._code_seen[id(value)]}".encode()
            return
        self._code_seen[id(value)] = len(self._code_seen)
        self._kept.append(value)
        if isinstance(value, types.CodeType):
            yield from self._of_bytecode(value, path)
        elif isinstance(value, types.ModuleType):
            yield value.__name__.encode() + _version(value.__name__)
        elif isinstance(value, types.FunctionType):
            yield from self._of_function(value, path)
        else:
            yield from self._of_class(value, path)

    def _of_class(self, kind: type, path: str) -> Iterator[bytes]:
        yield _name(kind) + _version(_module_of(kind))
        if _is_library(_module_of(kind)):
            return
        yield self.digest(type(kind), f"the class of {path}")
        yield self.digest(kind.__bases__, f"the bases of {path}")
        own = {name: item for name, item in vars(kind).items() if name not in _UNIMPORTANT and not isinstance(item, _DESCRIPTORS)}
        yield from self._items(f"{kind.__qualname__}", own)

    def _of_function(self, function: types.FunctionType, path: str) -> Iterator[bytes]:
        yield f"{function.__module__} {function.__qualname__}".encode() + _version(function.__module__ or "")
        yield self.digest(function.__defaults__, f"the defaults of {path}")
        yield self.digest(function.__kwdefaults__, f"the defaults of {path}")
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            yield name.encode()
            try:
                held = cell.cell_contents
            except ValueError:  # empty
                continue
            yield self.digest(held, f"{name} in {path}")
        if not _is_library(function.__module__ or ""):
            yield from self._items(path, vars(function))
            yield self.digest(function.__code__, path)
            yield from self._of_globals(function, path)
        elif "<lambda>" in function.__qualname__:
            yield self.digest(function.__code__, path)

    def _of_bytecode(self, code: types.CodeType, path: str) -> Iterator[bytes]:
        yield code.co_code + code.co_exceptiontable
        yield repr((code.co_names, code.co_freevars, code.co_cellvars, code.co_argcount, code.co_posonlyargcount)).encode()
        yield repr((code.co_varnames[: code.co_argcount + code.co_kwonlyargcount], code.co_flags)).encode()
        yield self.digest(code.co_consts, path)

    def _of_globals(self, function: types.FunctionType, path: str) -> Iterator[bytes]:
        """Yield what the global names in a function stand for, and what it reads from modules that are no library."""
        read, imported, attributes = _names_in(function.__code__)
        for name in sorted(read & function.__globals__.keys()):
            held = function.__globals__[name]
            yield name.encode()
            yield self.digest(held, f"{name} in {path}")
            if isinstance(held, types.ModuleType) and not _is_library(held.__name__):
                yield from self._items(name, {one: vars(held)[one] for one in attributes & vars(held).keys()})
        for name in sorted(imported):
            if not _is_library(name):
                yield name.encode() + _source_of(name)


def _names_in(code: types.CodeType) -> tuple[set[str], set[str], set[str]]:
    """Return the global names that code reads, the modules it imports, and all attributes it reads."""
    read: set[str] = set()
    imported: set[str] = set()
    attributes = set(code.co_names)
    for one in dis.get_instructions(code):
        if one.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            read.add(one.argval)
        elif one.opname == "IMPORT_NAME":
            imported.add(one.argval)
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            its = _names_in(inner)
            read, imported, attributes = read | its[0], imported | its[1], attributes | its[2]
    return read, imported, attributes


def _name(kind: type) -> bytes:
    return f"{_module_of(kind)}.{kind.__qualname__}".encode()


def _module_of(kind: type) -> str:
    return kind.__module__ if isinstance(kind.__module__, str) else "builtins"  # a class made in C may have none


def _is_cached(kind: type, name: str) -> bool:
    """Return whether an attribute only keeps what a cached property worked out from the others."""
    return any(isinstance(vars(one).get(name), functools.cached_property) for one in kind.__mro__)


@functools.cache
def _is_library(module: str) -> bool:
    """Return whether a module belongs to this package, the standard library or an installed package."""
    top = module.partition(".")[0]
    if top == "__main__":  # the user's program, also where ``python -m`` started an installed one
        return False
    if top in ("heparin_pk", "builtins") or top in sys.stdlib_module_names:
        return True
    place = getattr(sys.modules.get(top), "__file__", None) or _origin(top)
    libraries = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    return place is not None and any(Path(place).is_relative_to(library) for library in libraries)


def _origin(module: str) -> str | None:
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError, AttributeError):
        return None
    return None if found is None else found.origin


def _source_of(module: str) -> bytes:
    """Return the file of a module that a function imports itself: all of it, as it may not be loaded yet."""
    place = _origin(module)
    try:
        return b"" if place is None else Path(place).read_bytes()
    except OSError:
        return b""


def _version(module: str) -> bytes:
    """Return the version of an installed package; nothing of the standard library and of your own modules."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or not _is_library(module):
        return b""
    return str(getattr(sys.modules.get(top), "__version__", "")).encode()
