"""The members' rights: to see what is held about them, to be forgotten, and to stay forgotten."""
