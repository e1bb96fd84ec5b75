"""What a measured process is told, and what it reports; read and written as JSON, also by programs without msgspec."""

import statistics

import msgspec

from fanlight_bench.results import Figure


class Task(msgspec.Struct, frozen=True):
    """What to measure, for how long. `display_pid` is the X server's; `workload_pid` is paused when time is over."""

    width: int
    height: int
    seconds: float
    warmup: float
    rate: int
    display: str
    display_pid: int
    workload_pid: int | None = None

    def to_json(self) -> str:
        """Return the task as an argument for a process."""
        return msgspec.json.encode(self).decode()


class Account(msgspec.Struct):
    """What a process found in its window of `seconds`; sums over all updates in it, CPU times in seconds.

    `walls` are the seconds from having the pixels to having the bytes, one for each update or their mean. Pixels are an
    update's mean; None: not known for this system. `drawn` is how many pictures the workload showed, where its clock
    says so: updates beyond that brought nothing new, and what they cost is a cost of those that did.
    """

    seconds: float
    updates: int
    own_cpu: float
    display_cpu: float
    bytes: int
    walls: list[float]
    damaged_pixels: float | None = None
    changed_pixels: float | None = None
    encoded_pixels: float | None = None
    until_exact: float | None = None
    drawn: int | None = None

    @property
    def counted(self) -> int:
        """The updates that brought a new picture, as far as that is known."""
        return self.updates if self.drawn is None else min(self.updates, self.drawn)

    def figures(self) -> dict[str, Figure]:
        """Return the figures; those of one update only where there was one."""
        found = {
            "updates a second": Figure((self.counted / self.seconds,), "1/s", "higher"),
            "updates made a second": Figure((self.updates / self.seconds,), "1/s", ""),
            "CPU load": Figure((100 * self.own_cpu / self.seconds,), "% of a core"),
            "X server CPU load": Figure((100 * self.display_cpu / self.seconds,), "% of a core"),
            "bytes a second": Figure((self.bytes / self.seconds,), "B/s"),
        }
        if self.drawn is not None:
            found["drawn frames a second"] = Figure((self.drawn / self.seconds,), "1/s", "")
        if self.counted:
            found["CPU an update"] = Figure((1000 * self.own_cpu / self.counted,), "ms")
            found["X server CPU an update"] = Figure((1000 * self.display_cpu / self.counted,), "ms")
            found["bytes an update"] = Figure((self.bytes / self.counted,), "B")
        if self.walls:
            found["time an update"] = Figure((1000 * statistics.median(self.walls),), "ms")
        for name, pixels in (
            ("damaged pixels", self.damaged_pixels),
            ("changed pixels", self.changed_pixels),
            ("encoded pixels", self.encoded_pixels),
        ):
            if pixels is not None:
                found[name] = Figure((pixels,), "px an update", "")
        if self.until_exact is not None:
            found["until exact"] = Figure((1000 * self.until_exact,), "ms")
        return found
