"""For those who write lessons: translated, run, exported, and tried."""
