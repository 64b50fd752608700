"""The SOP language: what operators write in YAML, how it is read, checked and found again."""
