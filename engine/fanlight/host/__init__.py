"""Many viewers on one screen: what each of them lacks, who shares an encode, and the next update for each."""

from fanlight.host.crowd import Crowd, Served
from fanlight.host.picture import REST_SECONDS, Picture, Screen
from fanlight.host.viewer import Viewer, lack_something

__all__ = ["REST_SECONDS", "Crowd", "Picture", "Screen", "Served", "Viewer", "lack_something"]
