"""Which view answers which address."""

from django.conf import settings
from django.contrib.auth import views as accounts
from django.urls import path

from chat import health, metrics, views

urlpatterns = [
    path("", views.Index.as_view(), name="index"),
    path("rooms/new/", views.NewRoom.as_view(), name="new-room"),
    path("rooms/<int:room_id>/", views.room, name="room"),
    path("signup/", views.SignUp.as_view(), name="signup")
    if settings.CHAT_SIGN_UP
    else path("signup/", views.no_sign_up),  # and what has no name, no page links to
    path("login/", views.Login.as_view(), name="login"),
    path("logout/", accounts.LogoutView.as_view(), name="logout"),
    path("health/alive/", health.alive, name="alive"),
    path("health/ready/", health.ready, name="ready"),
    path("metrics/", metrics.metrics, name="metrics"),
]
handler500 = "chat.views.server_error"
