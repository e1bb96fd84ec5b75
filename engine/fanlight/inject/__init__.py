"""Where a viewer's input goes."""

from fanlight.inject.base import Injector
from fanlight.inject.xtest import open_injector

__all__ = ["Injector", "open_injector"]
