from django.urls import re_path
from django.views.generic import RedirectView

from chat.views import Index

urlpatterns = [
    re_path(r"^$", RedirectView.as_view(url="/talk/")),
    re_path(r"^talk/$", Index.as_view()),
]
