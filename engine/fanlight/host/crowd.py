"""All viewers of one screen and codec: one encode for those in the same state, and nobody waits long for another.

Theory of operation. Viewers form at most two groups, each with an encoder of its own. The *leaders* are all who keep
pace: they get the same updates, made once. One that cannot take an update, because its link or its window is full, is
waited for a little, 50 ms in all (`Patience`). Then it is *away*: the others go on, and a bitmap remembers which tiles
it lacks. When it can take an update again, it is brought back by a `catch_up` of just those tiles, made for it alone. A
new viewer is one that lacks them all. None of this shows to the leaders.

There are two reasons not to bring a viewer back to the leaders. While a video region plays, a decoder cannot join in
without a key frame, which would cost all of them; and a viewer that has just lagged would lag again. Such viewers are
the *followers*, with a second encoder that starts as a copy of the leaders' and then keeps the pace of its own members.
When both pictures rest and have the same digest, followers become leaders again. So the cost is bounded by two
encoders, whatever the number of viewers. Who joins followers that play a video costs these a key frame.

A picture that changes its size starts everything anew. All methods belong to the thread that captures.
"""

from collections.abc import Callable
from typing import NamedTuple

from fanlight.codec import Encoder, FrameSource
from fanlight.errors import CaptureError, FanlightError
from fanlight.host.group import Clock, Group, Made
from fanlight.host.picture import Picture
from fanlight.host.viewer import Viewer
from fanlight.kernels import tiles as tile_kernels
from fanlight.types import Frame, PointerPlace, Size


class Served(NamedTuple):
    """An update for a viewer, or what went wrong with its picture.

    `input_seq` is the last input event of the viewer that was injected before the capture.
    """

    viewer: Viewer
    picture: Picture | FanlightError
    input_seq: int = 0


class Crowd:
    """The viewers of one screen that take one codec."""

    def __init__(self, open_encoder: Callable[[Size], Encoder]) -> None:
        self._open_encoder = open_encoder
        self._away: set[Viewer] = set()
        self._leaders: Group | None = None
        self._followers: Group | None = None
        self._serial = 0
        self._size: Size | None = None
        self._pointer: PointerPlace | None = None

    def __bool__(self) -> bool:
        """Whether there is any viewer."""
        return bool(self._away) or any(group.members for group in self._groups)

    @property
    def encoders(self) -> int:
        """How many encoders are at work."""
        return len(self._groups)

    def add(self, viewer: Viewer) -> None:
        """Let a viewer take part that has no picture yet."""
        viewer.leave(None)
        self._away.add(viewer)

    def remove(self, viewer: Viewer) -> None:
        """Forget a viewer."""
        self._dismiss(viewer)
        self._away.discard(viewer)
        self._tidy()

    def park(self, viewer: Viewer) -> None:
        """Keep a viewer whose connection broke: it is ready again after `Viewer.reconnected`, or is removed."""
        base = viewer.group
        if base is not None:
            self._send_away(viewer, base)

    def note(self, frame: Frame, pointer: PointerPlace | None = None) -> None:
        """Merge a captured frame into what every group lacks."""
        self._pointer = pointer
        if frame.size != self._size:
            self._start_anew(frame.size)
        if self._leaders is not None:
            self._leaders.note(frame)
        if self._followers is not None:
            self._followers.note(frame)

    def owes(self, ready: set[Viewer]) -> bool:
        """Whether one of the viewers that can take an update lacks something that has been captured."""
        return any(v.group is None or v.wants_refresh or v.group.owes for v in ready)

    def lossy(self, ready: set[Viewer]) -> bool:
        """Whether one of the viewers that can take an update has all there is, but not yet exactly."""
        return any(v.group is not None and v.group.lossy for v in ready)

    def is_divided(self, ready: set[Viewer]) -> bool:
        """Whether one of the viewers follows, and may lead again once the picture rests."""
        return self._followers is not None and not self._followers.members.isdisjoint(ready)

    def serve(self, frame: Frame, ready: set[Viewer], clock: Clock, *, rested: bool) -> list[Served]:
        """Make the next updates for the viewers that are `ready`, of the latest frame; each gets one at most."""
        if self._is_in_step(ready):
            return self._serve_leaders(frame, ready, clock, rested=rested)
        left = set(ready)
        self._answer_refreshes(left)
        served = self._place(frame, left, clock)
        for group in self._groups:
            served += self._advance(group, frame, left, clock, rested=rested)
        served += self._bring_back(frame, left, clock)
        if rested:
            served += self._reunite(left, clock)
        self._tidy()
        return served

    def awaits(self, ready: set[Viewer]) -> bool:
        """Whether all that is due is the next frame, and those who are ready are all who will get it, by one encode."""
        leaders = self._leaders
        return leaders is not None and self._is_in_step(ready) and not (leaders.owes or leaders.lossy)

    def serve_next(
        self, source: FrameSource, pointer: PointerPlace | None, clock: Clock, timeout: float | None = None
    ) -> list[Served]:
        """Wait for the next frame, or for news, and make the update of it, where the crowd `awaits` just that."""
        group, before = self._leaders, source.last
        assert group is not None
        group.encoder.near = self._pointer = pointer
        try:
            made = group.encode_next(source, clock, timeout)
        except CaptureError:
            raise
        except FanlightError as error:
            return self._give_up(group, error)
        if made is not None:
            return self._hand_out(group, made, set(group.members))
        frame = source.last
        if frame is not None and frame is not before:
            self.note(frame, pointer)
        return []

    def close(self) -> None:
        """Free the encoders."""
        for group in self._groups:
            group.encoder.close()
        self._leaders = self._followers = None

    # -- updates ---------------------------------------------------------------------------------------------------

    def _is_in_step(self, ready: set[Viewer]) -> bool:
        """Whether those who are ready are all that there are, in one state: the rule, and the least work."""
        leaders = self._leaders
        if leaders is None or self._followers is not None or self._away or not ready or leaders.members != ready:
            return False
        for viewer in ready:  # noqa: SIM110 - with each update, so that a generator would tell
            if viewer.wants_refresh:
                return False
        return True

    def _serve_leaders(self, frame: Frame, ready: set[Viewer], clock: Clock, *, rested: bool) -> list[Served]:
        """Make the next update, if it is due, where all are in step."""
        leaders = self._leaders
        assert leaders is not None
        if not (leaders.owes or (rested and leaders.lossy)):
            return []
        now = clock()
        for viewer in ready:
            viewer.patience.rewarded(now)
        return self._encode(leaders, frame, set(ready), clock)

    @property
    def _groups(self) -> tuple[Group, ...]:
        return tuple(group for group in (self._leaders, self._followers) if group is not None)

    def _advance(self, group: Group, frame: Frame, left: set[Viewer], clock: Clock, *, rested: bool) -> list[Served]:
        """Make one update for a group, if it is due and its members are there."""
        if not group.members & left or not (group.owes or (rested and group.lossy)):
            return []
        return self._encode(group, frame, left, clock) if self._gather(group, left, clock()) else []

    def _gather(self, group: Group, left: set[Viewer], now: float) -> bool:
        """Return whether a group need wait for none of its members; who was waited for long enough is sent away."""
        for viewer in group.members & left:
            viewer.patience.rewarded(now)
        missing = group.members - left
        late = {viewer for viewer in missing if not viewer.patience.lasts(now)}
        for viewer in late:
            viewer.lagged(now)
            viewer.patience.rewarded(now)
            self._send_away(viewer, group)
        return missing == late

    def _encode(self, group: Group, frame: Frame, left: set[Viewer], clock: Clock) -> list[Served]:
        group.encoder.near = self._pointer
        try:
            made = group.encode(frame, clock)
        except FanlightError as error:
            return self._give_up(group, error)
        return self._hand_out(group, made, left)

    def _hand_out(self, group: Group, made: Made, left: set[Viewer]) -> list[Served]:
        if not made.update:
            return []
        touched = group.encoder.touched
        for viewer in self._away:
            if viewer.base is group:
                viewer.missed(touched)
        there = group.members & left
        left -= there
        for viewer in there:
            viewer.given(touched)
        picture = group.picture(made)
        return [Served(viewer, picture, viewer.input_before(made.captured_at)) for viewer in there]

    def _give_up(self, group: Group, error: FanlightError) -> list[Served]:
        """End a group whose encoder has failed; a viewer that stays all the same starts anew."""
        members = tuple(group.members)
        self._drop(group)
        self._away.update(members)
        return [Served(viewer, error) for viewer in members]

    def _answer_refreshes(self, ready: set[Viewer]) -> None:
        for viewer in ready:
            if not viewer.wants_refresh:
                continue
            if viewer.group is not None and len(viewer.group.members) == 1:
                viewer.group.refresh()
                viewer.join(viewer.group)
            else:
                self._dismiss(viewer)
                viewer.forget_picture()
                self._away.add(viewer)

    # -- coming and going ------------------------------------------------------------------------------------------

    def _place(self, frame: Frame, left: set[Viewer], clock: Clock) -> list[Served]:
        """Let viewers into groups whose next update is all that they need; return what could not be opened."""
        failed = []
        for viewer in self._away & left:
            try:
                group = self._place_for(viewer, frame, clock())
            except FanlightError as error:
                failed.append(Served(viewer, error))
                left.discard(viewer)
                continue
            if group is not None:
                self._enter(viewer, group)
        return failed

    def _place_for(self, viewer: Viewer, frame: Frame, now: float) -> Group | None:
        """Find a group that brings all that a viewer lacks with its next update; None: it is to be caught up."""
        if self._leaders is None:
            self._leaders = Group(self._open_encoder(frame.size), self._serial, frame)
        if self._leaders.stands_alone:
            return self._leaders
        if self._is_home(self._leaders, viewer, now):
            return None
        if not self._leaders.members:
            alone, self._leaders = self._leaders, self._copy_for(viewer, self._leaders, frame)
            self._forget_base(alone)
            alone.encoder.close()
            return self._leaders
        if self._followers is None:
            self._followers = self._copy_for(viewer, self._leaders, frame)
            return self._followers
        if self._followers.stands_alone:
            return self._followers
        if self._followers.takes_in:
            return None
        self._followers.refresh()
        return self._followers

    def _is_home(self, leaders: Group, viewer: Viewer, now: float) -> bool:
        return leaders.takes_in and (viewer.keeps_up(now) or not leaders.members)

    def _bring_back(self, frame: Frame, left: set[Viewer], clock: Clock) -> list[Served]:
        """Catch up those who are away with the groups that take them in."""
        served: list[Served] = []
        for viewer in self._away & left:
            leaders = self._leaders
            group = leaders if leaders and self._is_home(leaders, viewer, clock()) else self._followers
            if group is not None and group.takes_in and self._is_settled(group, frame, left, clock):
                served.append(self._catch_up(viewer, group, clock))
                left.discard(viewer)
        return served

    def _is_settled(self, group: Group, frame: Frame, left: set[Viewer], clock: Clock) -> bool:
        """Bring a group that only waits for its own up to date; False while it must still wait."""
        if group.owes:
            if not self._gather(group, left, clock()):
                return False
            # None of its members could take an update, so none is left: this is missed by those who are away.
            self._encode(group, frame, left, clock)
        return group in self._groups and group.takes_in

    def _copy_for(self, viewer: Viewer, group: Group, frame: Frame) -> Group:
        """Open an encoder for a viewer that has a group's picture, but for what it lacks."""
        if not group.encoder.can_catch_up:
            return Group(self._open_encoder(frame.size), self._serial, frame)
        lacks = viewer.lacks if viewer.base is group else None
        if lacks is None:
            lacks = tile_kernels.all_tiles(group.encoder.size)
        return Group(group.encoder.fork(lacks), self._serial, group)

    def _catch_up(self, viewer: Viewer, group: Group, clock: Clock) -> Served:
        """Bring one viewer to the picture that a group has already, and into the group."""
        lacks = viewer.lacks if viewer.base is group else None
        if lacks is None:
            lacks = tile_kernels.all_tiles(group.encoder.size)
        self._enter(viewer, group)
        viewer.given(lacks)
        made = group.catch_up(lacks, clock)
        return Served(viewer, group.picture(made), viewer.input_before(made.captured_at))

    def _reunite(self, left: set[Viewer], clock: Clock) -> list[Served]:
        """Let followers lead again where both pictures rest and are the same."""
        leaders, followers = self._leaders, self._followers
        if leaders is None or followers is None or not _same_at_rest(leaders, followers):
            return []
        now = clock()
        served: list[Served] = []
        for viewer in tuple(followers.members & left):
            if viewer.keeps_up(now):
                self._send_away(viewer, leaders)
                served.append(self._catch_up(viewer, leaders, clock))
                left.discard(viewer)
        return served

    def _enter(self, viewer: Viewer, group: Group) -> None:
        self._away.discard(viewer)
        group.members.add(viewer)
        viewer.join(group)

    def _dismiss(self, viewer: Viewer) -> None:
        if viewer.group is not None:
            viewer.group.members.discard(viewer)

    def _send_away(self, viewer: Viewer, group: Group) -> None:
        """Take a viewer out of its group; it has the picture of `group` now."""
        self._dismiss(viewer)
        viewer.leave(group)
        self._away.add(viewer)

    # -- groups ----------------------------------------------------------------------------------------------------

    def _start_anew(self, size: Size) -> None:
        for group in self._groups:
            self._away |= group.members
            self._drop(group)
        for viewer in self._away:
            viewer.forget_picture()
        self._size = size
        self._serial += 1

    def _drop(self, group: Group) -> None:
        for viewer in group.members:
            viewer.forget_picture()
        group.members.clear()
        self._forget_base(group)
        group.encoder.close()
        if group is self._leaders:
            self._leaders = None
        else:
            self._followers = None

    def _forget_base(self, group: Group) -> None:
        for viewer in self._away:
            if viewer.base is group:
                viewer.forget_picture()

    def _tidy(self) -> None:
        """Close what serves nobody: followers without members, and leaders that nobody returns to."""
        if self._followers is not None and not self._followers.members:
            self._drop(self._followers)
        leaders = self._leaders
        if leaders is None or leaders.members:
            return
        if self._followers is not None:
            self._drop(leaders)
            self._leaders, self._followers = self._followers, None
        elif not any(viewer.base is leaders for viewer in self._away):
            self._drop(leaders)


def _same_at_rest(leaders: Group, followers: Group) -> bool:
    if any(group.owes or group.lossy or group.encoder.chained for group in (leaders, followers)):
        return False
    digest = leaders.encoder.digest
    return digest is not None and digest == followers.encoder.digest
