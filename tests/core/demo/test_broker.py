"""A task whose worker was killed is not lost, and not late."""

import os
import subprocess
import sys

from kombu import Connection

from core.demo.broker import hand_out_again

TAKE_AND_DIE = """
import os, sys
from kombu import Connection
queue = Connection(sys.argv[1]).SimpleQueue("killed")
queue.put({"task": 1})
queue.get(timeout=5)
os._exit(9)
"""


def test_what_a_killed_worker_had_taken_is_handed_out_again() -> None:
    url = os.environ["BROKER_URL"]
    assert hand_out_again(url) == 0
    died = subprocess.run([sys.executable, "-c", TAKE_AND_DIE, url], check=False, timeout=30)
    assert died.returncode == 9
    with Connection(url) as connection:
        queue = connection.SimpleQueue("killed")
        assert hand_out_again(url) == 1
        # What a Celery worker does every ten seconds.
        queue.channel.qos.restore_visible(num=10)
        message = queue.get(timeout=5)
        assert message.payload == {"task": 1}
        message.ack()
    assert hand_out_again(url) == 0
