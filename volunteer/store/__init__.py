"""The only code that writes or locks rows.

Loads what a decision needs and records what was decided, inside the transaction it is given.
It never decides, never reads the clock and never hands out ORM rows: values go in, values come
out. A transaction is opened in one place, ``store.database.transact``.
"""
