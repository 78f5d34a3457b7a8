"""What several tests need, besides the fixtures of conftest.py."""
