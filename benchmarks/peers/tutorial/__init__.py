"""A chat in the design that Channels' official tutorial ends with, without its page."""
