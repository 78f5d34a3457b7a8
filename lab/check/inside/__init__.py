"""What runs in the sandbox, beside the learner's code: nothing of lab is imported here."""
