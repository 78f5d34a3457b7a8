"""The class board under a class that isn't there: measured, tried and shown in pictures."""
