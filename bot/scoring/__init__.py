"""What the record comes to: contribution, levels and figures. Reads the log; sends nothing."""
