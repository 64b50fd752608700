"""Conversations as files: people talk, days pass, and what the bot is expected to say is written down."""
