"""Speed as ratios, measured side by side in one run: `make bench`.

Absolute figures drift on shared machines; what is held against a goal is a share of hello-world
(Flask on gunicorn, 2 sync workers, keep-alive off) or the CPU that a request costs over it.
"""
