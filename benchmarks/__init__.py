"""How fast the bot is: ``make bench`` measures, prints a table and writes ``benchmarks/results.json``."""
