"""How the programs that run for long let Python look for garbage."""

import gc


def settle() -> None:
    """Let the collector look no more at what is there now: to be called once all is loaded, before the work.

    A full search for cycles goes through every module, class and function that was loaded, some 60,000 objects, and
    holds both threads meanwhile: 25 to 45 ms, which a picture or a key would wait. All of that stays until the program
    ends anyway. What is garbage already goes first, since nobody would look for it afterwards. What comes later, the
    cycles of each connection among it, is found as ever: Python's own thresholds stay, so that memory is bounded, and
    a search takes less than a millisecond.
    """
    gc.collect()
    gc.freeze()
