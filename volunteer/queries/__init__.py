"""Read-only SQL, each shaped for one page or report.

A query takes the scope of communities its reader may see and returns frozen values in few
statements, their number the same however much history there is. It never writes, locks or
decides.
"""
