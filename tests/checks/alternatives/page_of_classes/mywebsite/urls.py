from django.urls import include, path

urlpatterns = [path("", include("chat.addresses", namespace="chat"))]
