"""What holds for everything at once, and for what comes later the day it appears."""

import pytest

pytest.register_assert_rewrite("tests.contracts.calls")
