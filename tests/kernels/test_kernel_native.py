"""Native results to exceptions."""

import errno

import pytest

from fanlight.errors import CodecError, FanlightError, UsageError
from fanlight.kernels import native


@pytest.mark.parametrize("result", [0, 1, 2**40])
def test_a_result_passes(result):
    assert native.check(result, "a test") == result


@pytest.mark.parametrize(
    ("code", "error"), [(errno.EINVAL, UsageError), (errno.EBADMSG, CodecError), (errno.ENOSPC, FanlightError)]
)
def test_a_failure_is_raised_and_says_what_failed(code, error):
    with pytest.raises(error, match=r"a test failed: .") as raised:
        native.check(-code, "a test")
    assert type(raised.value) is error
