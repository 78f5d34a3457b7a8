"""Which view answers which address; all are relative to where the page is."""

from django.urls import path

from lab.board import views

urlpatterns = [
    path("", views.page),
    path("class.csv", views.as_csv),
    path("class.json", views.as_json),
]
