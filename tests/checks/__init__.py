"""What the tests of lab.check share."""
