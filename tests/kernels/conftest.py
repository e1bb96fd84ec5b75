import pytest
from kernel_cases import VARIANTS

from fanlight.kernels import cpu


@pytest.fixture(params=VARIANTS, ids=lambda names: "+".join(names) or "scalar")
def variant(request):
    """Run the test once on each instruction set this machine has, and once on none."""
    assert cpu.use(request.param) == set(request.param)
    yield request.param
    cpu.use(cpu.detected())
