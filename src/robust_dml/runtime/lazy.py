"""torch for modules that are read while a study is planned; it is loaded at its first use.

A record (see `robust_dml.records`) lies in one file with the code that it describes. Reading the record must not take
the seconds that importing torch takes, so that file imports `torch` from here.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch as torch
    from torch import Tensor as Tensor
else:

    class _LazyModule(ModuleType):
        def __getattr__(self, name: str) -> Any:
            module = import_module(self.__name__)
            if name not in self.__dict__:
                self.__dict__.update(module.__dict__)
            return getattr(module, name)

    torch = _LazyModule("torch")
    Tensor = Any  # for annotations; `isinstance` needs torch.Tensor
