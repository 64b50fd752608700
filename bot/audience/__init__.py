"""Audiences: who is meant, by what they like, where they stand, what they do and what they spend.

A condition is data; whether one member meets it is a pure question to their facts (``conditions``), who does
of all is one query (``selecting``).
"""
