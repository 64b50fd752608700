"""What is done to the repository by hand, and never at run time."""
