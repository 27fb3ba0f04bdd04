"""The product with real data on one machine: servers, web, worker, beat and relay under one supervisor.

Nothing here imports Django: the supervisor outlives whatever goes wrong in the processes that do.
"""
