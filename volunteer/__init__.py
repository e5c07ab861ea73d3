"""爱心存折, the love passbook: volunteer points for a residential community.

This file holds only this text, so that importing `volunteer.domain` never loads Flask.
"""
