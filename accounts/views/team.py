"""A team: its people, invitations and API keys."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts import factors
from accounts.access import access_team, get_role
from accounts.actions import (
    do_accept,
    do_change_role,
    do_create_api_key,
    do_invite,
    do_remove_member,
    do_require_factor,
)
from accounts.confirm import confirm_person
from accounts.forms import AccountForm, InviteForm, KeyForm
from accounts.mail import absolute, notify
from accounts.models import Invitation, Membership, Role, Team, User, hash_token
from accounts.sign_in import do_log_in


def held(request: HttpRequest, team: Team) -> Role:
    role = get_role(request.user, team.pk)
    assert role is not None
    return role


def check_grants(mine: Role, wanted: str) -> Role:
    """Nobody gives a role above their own."""
    if wanted not in Role.values:
        raise Http404
    if Role(wanted).rank > mine.rank:
        raise PermissionDenied(f"Only an owner may do this to the role {Role(wanted).label}.")
    return Role(wanted)


@login_required
def team(request: HttpRequest, team_id: int) -> HttpResponse:
    found = access_team(request.user, team_id)
    mine = held(request, found)
    is_admin = mine.rank >= Role.ADMIN.rank
    context: dict[str, Any] = {
        "team": found, "mine": mine, "is_admin": is_admin,
        "roles": [(role.value, role.label) for role in Role if role.rank <= mine.rank],
        "members": found.memberships.select_related("user").order_by("created_at"),
        "invitations": found.invitations.filter(accepted_at=None).order_by("-created_at") if is_admin else [],
        "keys": found.api_keys.select_related("user").order_by("-created_at") if is_admin else [],
        "invite": InviteForm(), "key_form": KeyForm(), "new_key": request.session.pop("new_api_key", None),
    }  # fmt: skip
    return render(request, "accounts/team.html", context)


@require_POST
@login_required
def rename(request: HttpRequest, team_id: int) -> HttpResponse:
    found = access_team(request.user, team_id, Role.ADMIN)
    found.name = request.POST.get("name", "").strip()[:120] or found.name
    found.save(update_fields=["name"])
    messages.success(request, "Saved.")
    return redirect("team", team_id=team_id)


@require_POST
@login_required
def require_factor(request: HttpRequest, team_id: int) -> HttpResponse:
    """An owner who has none would shut themselves out with the others."""
    found = access_team(request.user, team_id, Role.OWNER)
    wanted = request.POST.get("required") == "on"
    assert isinstance(request.user, User)
    if wanted and factors.lacks_factor(request.user):
        messages.error(request, "Set up a second factor of your own first.")
        return redirect("factors")
    confirm_person(request)
    do_require_factor(found, wanted)
    said = (
        "Members without a second factor are asked to set one up."
        if wanted
        else "A second factor is no longer asked for."
    )
    messages.success(request, said)
    return redirect("team", team_id=team_id)


@require_POST
@login_required
def invite(request: HttpRequest, team_id: int) -> HttpResponse:
    found = access_team(request.user, team_id, Role.ADMIN)
    form = InviteForm(request.POST)
    if not form.is_valid():
        messages.error(request, "This is not an e-mail address that can be invited.")
        return redirect("team", team_id=team_id)
    email, role = form.cleaned_data["email"].lower(), check_grants(held(request, found), form.cleaned_data["role"])
    if role == Role.OWNER:
        confirm_person(request)
    if found.memberships.filter(user__email=email).exists():
        messages.error(request, "This person is in the team already.")
        return redirect("team", team_id=team_id)
    assert isinstance(request.user, User)
    link = absolute(request, reverse("invitation", args=[do_invite(found, request.user, email, role)]))
    sent = notify(
        "invitation", f"Join {found} on Footfall", email, link=link, team=found, inviter=request.user, action="Accept"
    )
    text = "The invitation is sent." if sent else f"The mail could not be sent. Give them this link: {link}"
    messages.success(request, text) if sent else messages.warning(request, text)
    return redirect("team", team_id=team_id)


@require_POST
@login_required
def revoke_invitation(request: HttpRequest, team_id: int, invitation_id: int) -> HttpResponse:
    access_team(request.user, team_id, Role.ADMIN).invitations.filter(pk=invitation_id).delete()
    messages.success(request, "The invitation is withdrawn; its link no longer works.")
    return redirect("team", team_id=team_id)


def member_of(team: Team, membership_id: int) -> Membership:
    found = team.memberships.filter(pk=membership_id).first()
    if found is None:
        raise Http404
    return found


@require_POST
@login_required
def change_role(request: HttpRequest, team_id: int, membership_id: int) -> HttpResponse:
    found = access_team(request.user, team_id, Role.ADMIN)
    mine, member = held(request, found), member_of(found, membership_id)
    role = check_grants(mine, request.POST.get("role", ""))
    check_grants(mine, member.role)
    if Role.OWNER in (role, member.role):
        confirm_person(request)
    try:
        do_change_role(member, role)
        messages.success(request, "The role is changed.")
    except ValueError as error:
        messages.error(request, str(error))
    return redirect("team", team_id=team_id)


@require_POST
@login_required
def remove(request: HttpRequest, team_id: int, membership_id: int) -> HttpResponse:
    """Removing somebody takes an admin; leaving takes nobody's leave."""
    found = access_team(request.user, team_id)
    member = member_of(found, membership_id)
    leaving = member.user_id == request.user.pk
    if not leaving:
        access_team(request.user, team_id, Role.ADMIN)
        check_grants(held(request, found), member.role)
    if member.role == Role.OWNER:
        confirm_person(request)
    try:
        do_remove_member(member)
    except ValueError as error:
        messages.error(request, str(error))
        return redirect("team", team_id=team_id)
    messages.success(request, "You have left the team." if leaving else "They are no longer in the team.")
    return redirect("sites") if leaving else redirect("team", team_id=team_id)


@require_POST
@login_required
def new_key(request: HttpRequest, team_id: int) -> HttpResponse:
    found = access_team(request.user, team_id, Role.ADMIN)
    form = KeyForm(request.POST)
    assert isinstance(request.user, User)
    if form.is_valid():
        data = form.cleaned_data
        if "admin" in data["scopes"]:
            confirm_person(request)
        key = do_create_api_key(request.user, found, data["name"], tuple(data["scopes"]), int(data["days"] or 0))
        request.session["new_api_key"] = key
    else:
        messages.error(request, "A key needs a name and at least one scope.")
    return redirect("team", team_id=team_id)


@require_POST
@login_required
def revoke_key(request: HttpRequest, team_id: int, key_id: int) -> HttpResponse:
    access_team(request.user, team_id, Role.ADMIN).api_keys.filter(pk=key_id).delete()
    messages.success(request, "The key no longer works.")
    return redirect("team", team_id=team_id)


def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Accept as the person who is logged in, or with a new account; always as the address that was invited."""
    found = Invitation.objects.filter(token_hash=hash_token(token)).select_related("team", "invited_by").first()
    if found is None or not found.is_open:
        return render(request, "accounts/invitation_closed.html", status=404)
    user = request.user
    context: dict[str, Any] = {"invitation": found, "has_account": User.objects.filter(email=found.email).exists()}
    if isinstance(user, User):
        context["wrong_person"] = user.email != found.email
        if request.method == "POST" and not context["wrong_person"]:
            do_accept(found, user)
            return redirect("sites")
        return render(request, "accounts/invitation.html", context)
    data = {**request.POST.dict(), "email": found.email} if request.method == "POST" else None
    form = AccountForm(data, initial={"email": found.email})
    if data and form.is_valid():
        new = User.objects.create_user(found.email, form.cleaned_data["password"], name=form.cleaned_data["name"])
        do_accept(found, new)
        do_log_in(request, new, "invitation")
        return redirect("sites")
    return render(request, "accounts/invitation.html", context | {"form": form})
