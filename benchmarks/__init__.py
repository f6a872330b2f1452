"""Speed, each against a named peer in the same run; see README.md."""
