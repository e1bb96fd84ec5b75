"""The only door to the native core: numpy arrays in, exceptions out.

Pictures are (H, W, 4) uint8 arrays whose rows are contiguous; the row stride is free. Anything else is a UsageError,
and nothing is copied silently. The GIL is free while a kernel runs.
"""
