"""What happens around the learner's cells: hints, copies, pictures."""
