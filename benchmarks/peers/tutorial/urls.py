"""No pages: the benchmark speaks WebSocket only."""

urlpatterns: list = []
