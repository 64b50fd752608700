"""What is asked in private, one question at a time, by whatever kind: questions, reading, where a talk is."""
