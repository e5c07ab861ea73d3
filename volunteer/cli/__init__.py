"""``flask --app app …``: what an operator types.

Each command parses, makes one call and prints the answer; its exit status is the result.
"""
