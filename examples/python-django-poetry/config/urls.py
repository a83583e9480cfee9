from django.urls import path

from countdown import views

urlpatterns = [
    path("", views.index),
    path("healthz", views.health),
]
