"""The left side of the page: the data set in numbers, and its patients."""
