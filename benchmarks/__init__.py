"""Our finished chat and its peers, measured side by side in one run: see README.md."""
