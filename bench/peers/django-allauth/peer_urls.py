"""The addresses of allauth for applications, and the ones of accounts that it wants to be there."""

from django.urls import include, path

urlpatterns = [path("accounts/", include("allauth.urls")), path("_allauth/", include("allauth.headless.urls"))]
