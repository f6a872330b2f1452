"""What is known: sounds whose events follow from how they were made, and measures of agreement with them."""
