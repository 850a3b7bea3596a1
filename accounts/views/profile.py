from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.audit import Action, do_record
from accounts.forms import ChangePasswordForm, ProfileForm
from accounts.models import User


@login_required
def account(request: HttpRequest) -> HttpResponse:
    user = request.user
    assert isinstance(user, User)
    what = request.POST.get("what")
    profile = ProfileForm(request.POST if what == "profile" else None, initial={"name": user.name})
    password = ChangePasswordForm(user, request.POST if what == "password" else None)
    if what == "profile" and profile.is_valid():
        user.name = profile.cleaned_data["name"]
        user.save(update_fields=["name"])
        messages.success(request, "Saved.")
        return redirect("account")
    if what == "password" and password.is_valid():
        user.set_password(password.cleaned_data["password"])
        user.save(update_fields=["password"])
        do_record(user, Action.PASSWORD_CHANGED, target=user.email, request=request)
        update_session_auth_hash(request, user)  # this session stays, all others end
        messages.success(request, "Your password is changed. Other devices are logged out.")
        return redirect("account")
    memberships = user.memberships.select_related("team").order_by("team__name")
    return render(
        request, "accounts/account.html", {"profile": profile, "password": password, "memberships": memberships}
    )
