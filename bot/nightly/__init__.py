"""What is done at 04:00: the days that changed are worked out anew, and every member's level is looked at.

The log is read beside the core, on a connection of its own; what came of it is written in small transactions,
one after the other, so that no message waits for it. A night that failed is made up for by the next one.
"""
