"""The chat's pages."""

import sys

from django.contrib.auth import get_user_model, login
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import LoginView, redirect_to_login
from django.db import OperationalError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.log import log_response
from django.views import defaults
from django.views.decorators.cache import never_cache
from django.views.generic import CreateView, FormView, ListView

from chat.attempts import LimitedAttempts
from chat.forms import SignUpForm
from chat.models import FIRST_ROOM, Room
from chat.shares import network_of


class Index(ListView):
    """The rooms."""

    model = Room
    paginate_by = 100
    template_name = "chat/index.html"

    def get_queryset(self):
        Room.objects.get_or_create(title=FIRST_ROOM, defaults={"open_to_guests": True})
        return super().get_queryset()


class NewRoom(LoginRequiredMixin, LimitedAttempts, CreateView):
    """A new room; whoever makes one goes straight in."""

    model = Room
    fields = ["title"]
    template_name = "chat/new_room.html"

    def limits(self, request):
        return [("30/hour", request.user.pk)]


@never_cache  # nor kept by a browser: its Back button would show the room after a logout
def room(request, room_id):
    """One room: its messages, who is here, and a form."""
    room = get_object_or_404(Room, pk=room_id)
    if not room.lets_in(request.user):
        return redirect_to_login(request.get_full_path())
    return render(request, "chat/room.html", {"room": room})


class Login(LimitedAttempts, LoginView):
    """Django's own; for an account that is not theirs, nobody may guess the password for long.

    Its owner is elsewhere, and goes on logging in from there.
    """

    def limits(self, request):
        address = network_of(request.META.get("REMOTE_ADDR", ""))
        name = get_user_model().normalize_username(request.POST.get("username", ""))
        return [("200/hour", address), ("10/5 minutes", address, name)]


class SignUp(LimitedAttempts, FormView):
    """A new account; whoever makes one is logged in with it."""

    form_class = SignUpForm
    template_name = "registration/signup.html"

    def limits(self, request):
        return [("200/hour", network_of(request.META.get("REMOTE_ADDR", "")))]

    def form_valid(self, form):
        login(self.request, form.save())
        return redirect("index")


def no_sign_up(request):
    """What stands where a new account was made, on a site that makes none."""
    return render(request, "registration/closed.html", status=403)


def server_error(request):
    """Instead of Django's 500: who asks while the database is away is asked to come again."""
    error = sys.exception()
    if not isinstance(error, OperationalError):
        return defaults.server_error(request)
    request.scope["chat"].metrics.refused.labels("no-database").inc()
    page = render(request, "chat/away.html", status=503)
    page.headers["Retry-After"] = "10"
    told = page.reason_phrase, request.path, str(error)
    log_response("%s: %s: %s", *told, response=page, request=request)  # and no traceback
    return page
