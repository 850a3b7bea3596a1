"""A team: its people and invitations."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import factors
from accounts.access import access_site, access_team, get_role
from accounts.actions import do_require_factor
from accounts.audit import Action, do_record
from accounts.confirm import confirm_person
from accounts.forms import OVERLAPS, AccountForm, InviteForm, KeyForm
from accounts.mail import absolute, notify
from accounts.membership import check_inviter, do_accept, do_change_role, do_invite, do_remove_member
from accounts.models import Invitation, Membership, Role, Site, Team, User, hash_token
from accounts.sign_in import do_log_in
from accounts.views.keys import NEW_KEY, shown_keys


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


def open_invitations(team: Team) -> Any:
    return team.invitations.filter(accepted_at=None).select_related("site").order_by("-created_at")


@require_GET
@login_required
def team(request: HttpRequest, team_id: int) -> HttpResponse:
    found = access_team(request.user, team_id)
    mine = held(request, found)
    is_admin = mine.rank >= Role.ADMIN.rank
    context: dict[str, Any] = {
        "team": found, "mine": mine, "is_admin": is_admin,
        "roles": [(role.value, role.label) for role in Role if role.rank <= mine.rank],
        "members": found.memberships.select_related("user").order_by("created_at"),
        "invitations": open_invitations(found) if is_admin else [],
        "keys": shown_keys(found) if is_admin else [],
        "sites": found.sites.all() if is_admin else [], "overlaps": OVERLAPS.items(),
        "invite": InviteForm(), "key_form": KeyForm(), "new_key": request.session.pop(NEW_KEY, None),
    }  # fmt: skip
    return render(request, "accounts/team.html", context)


@require_POST
@login_required
def rename(request: HttpRequest, team_id: int) -> HttpResponse:
    found = access_team(request.user, team_id, Role.ADMIN)
    before, found.name = found.name, request.POST.get("name", "").strip()[:120] or found.name
    found.save(update_fields=["name"])
    do_record(request.user, Action.TEAM_CHANGED, found, target=found.name, before={"name": before},
              after={"name": found.name}, request=request)  # fmt: skip
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
    before = {"second_factor": found.require_second_factor}
    do_require_factor(found, wanted)
    do_record(request.user, Action.SIGN_IN_SETTINGS_CHANGED, found, target=found.name, before=before,
              after={"second_factor": wanted}, request=request)  # fmt: skip
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
    site = site_of(request, found, request.POST.get("site", ""))
    if site is not None and role == Role.OWNER:
        raise PermissionDenied("Owners are owners of a team, not of one site.")
    if role == Role.OWNER:
        confirm_person(request)
    if found.memberships.filter(user__email=email).exists():
        messages.error(request, "This person is in the team already.")
        return redirect("team", team_id=team_id)
    send_invitation(request, found, email, role, site)
    return redirect("team", team_id=team_id)


def site_of(request: HttpRequest, team: Team, named: str) -> Site | None:
    """The one site that an invitation is for; None: the team. A grant may hold an admin of the team below that there."""
    if not named:
        return None
    found = team.sites.filter(pk=int(named)).first() if named.isdecimal() and len(named) < 19 else None
    if found is None:
        raise Http404
    return access_site(request.user, found.pk, Role.ADMIN)


def send_invitation(request: HttpRequest, team: Team, email: str, role: Role, site: Site | None) -> None:
    assert isinstance(request.user, User)
    link = absolute(request, reverse("invitation", args=[do_invite(team, request.user, email, role, site)]))
    do_record(request.user, Action.INVITED, team, site, target=email, after={"role": role.value}, request=request)
    what = site or team
    sent = notify(
        "invitation", f"Join {what} on Footfall", email, link=link, team=what, inviter=request.user, action="Accept"
    )
    text = "The invitation is sent." if sent else f"The mail could not be sent. Give them this link: {link}"
    messages.success(request, text) if sent else messages.warning(request, text)


@require_POST
@login_required
def revoke_invitation(request: HttpRequest, team_id: int, invitation_id: int) -> HttpResponse:
    team = access_team(request.user, team_id, Role.ADMIN)
    withdraw(request, team.invitations.filter(pk=invitation_id, accepted_at=None).first())
    return redirect("team", team_id=team_id)


def withdraw(request: HttpRequest, found: Invitation | None) -> None:
    if found is None:
        raise Http404
    found.delete()
    do_record(request.user, Action.INVITATION_WITHDRAWN, found.team, found.site, target=found.email, request=request)
    messages.success(request, "The invitation is withdrawn; its link no longer works.")


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
    before = member.role
    try:
        do_change_role(member, role)
        do_record(request.user, Action.ROLE_CHANGED, found, target=member.user.email, before={"role": before},
                  after={"role": role.value}, request=request)  # fmt: skip
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
    action = Action.MEMBER_LEFT if leaving else Action.MEMBER_REMOVED
    do_record(request.user, action, found, target=member.user.email, before={"role": member.role}, request=request)
    messages.success(request, "You have left the team." if leaving else "They are no longer in the team.")
    return redirect("sites") if leaving else redirect("team", team_id=team_id)


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Accept as the person who is logged in, or with a new account; always as the address that was invited."""
    found = Invitation.objects.filter(token_hash=hash_token(token)).select_related("team", "site", "invited_by").first()
    if found is None or not found.is_open:
        return closed(request)
    try:
        check_inviter(found)  # here too, before somebody has made an account in vain
    except ValueError as error:
        return closed(request, str(error))
    user = request.user
    context: dict[str, Any] = {"invitation": found, "has_account": User.objects.filter(email=found.email).exists()}
    if isinstance(user, User):
        context["wrong_person"] = user.email != found.email
        if request.method == "POST" and not context["wrong_person"]:
            return accept(request, found, user)
        return render(request, "accounts/invitation.html", context)
    data = {**request.POST.dict(), "email": found.email} if request.method == "POST" else None
    form = AccountForm(data, initial={"email": found.email})
    if data and form.is_valid():
        try:
            with transaction.atomic():
                new = User.objects.create_user(
                    found.email, form.cleaned_data["password"], name=form.cleaned_data["name"]
                )
        except IntegrityError:  # the same form, sent twice at once
            return closed(request, "There is an account with this address by now: log in, and open the link again.")
        answer = accept(request, found, new)
        if answer.status_code == 302:
            do_log_in(request, new, "invitation")
        return answer
    return render(request, "accounts/invitation.html", context | {"form": form})


def closed(request: HttpRequest, problem: str = "") -> HttpResponse:
    return render(request, "accounts/invitation_closed.html", {"problem": problem}, status=404)


def accept(request: HttpRequest, found: Invitation, user: User) -> HttpResponse:
    try:
        do_accept(found, user)
    except ValueError as error:
        return closed(request, str(error))
    do_record(user, Action.INVITATION_ACCEPTED, found.team, found.site, target=user.email,
              after={"role": found.role}, request=request)  # fmt: skip
    return redirect("sites")
