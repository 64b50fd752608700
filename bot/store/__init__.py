"""The record: tables, the one writer, and how both databases are spoken to."""
