from datetime import date

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone


def index(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    new_year = date(today.year + 1, 1, 1)
    return render(
        request,
        "countdown/index.html",
        {
            "greeting": "hello from django",
            "days": (new_year - today).days,
            "year": new_year.year,
        },
    )


def health(_request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})
