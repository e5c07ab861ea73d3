"""What people and devices reach over HTTP: parse, one call, render.

One file a place a person stands. ``now`` enters here. A view calls one service or query and
shows the answer; it holds no rule, writes no SQL and never touches ``store``.
"""
