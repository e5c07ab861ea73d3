"""One use case = one function = one transaction.

Load, decide, record: load facts with ``store``, decide with ``domain``, record with ``store``.
Services take plain values (``now`` and the scope included) and return plain values or a
``Refusal``. A service never calls a service: what several record alike is one function in
``store``.
"""
