"""Edges to the world: each channel turns a platform into events, and our messages into its calls."""
