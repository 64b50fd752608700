"""Slash commands: how they are typed, who may use them, and what they do; one file a topic."""
