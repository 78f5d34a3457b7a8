"""The chat's migrations."""
