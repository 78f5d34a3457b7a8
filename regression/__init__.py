"""The lessons as a regression suite: what a run found, cell by cell, and runs side by side."""
