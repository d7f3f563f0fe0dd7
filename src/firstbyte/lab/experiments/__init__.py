"""Claims of textbooks as measurements, one file an experiment."""
