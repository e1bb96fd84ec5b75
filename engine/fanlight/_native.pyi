"""What cffi builds from native/include/fanlight.h; only fanlight.kernels touches it."""

from typing import Any

ffi: Any
lib: Any
