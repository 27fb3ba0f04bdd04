"""The same calls through both APIs: the same data, the same refusals, the same errors."""

import pytest

pytest.register_assert_rewrite("tests.parity.script")
