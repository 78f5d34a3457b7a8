from .chat import ChatConsumer

__all__ = ["ChatConsumer"]
