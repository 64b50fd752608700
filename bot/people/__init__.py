"""Rooms and people: who is who behind the platforms' ids, and who may do what."""
