"""The embedded broker and the one worker that uses it."""

import redis

INDEX, MUTEX = "unacked_index", "unacked_mutex"


def hand_out_again(url: str) -> int:
    """Let the next worker have what a killed one had taken and not finished; return how many tasks that were.

    A worker among several must wait for the visibility timeout, because somebody else may still be at work. The demo
    has one worker, and it is not running when this is called.
    """
    with redis.Redis.from_url(url, socket_timeout=5) as client:
        taken = client.zrange(INDEX, 0, -1)
        if taken:
            client.zadd(INDEX, dict.fromkeys(taken, 0), xx=True)
        # A worker killed while it looked for them would keep the next from looking for five minutes.
        client.delete(MUTEX)
        return len(taken)
