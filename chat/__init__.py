"""The chat: its page, and the consumer that its WebSockets talk to."""
