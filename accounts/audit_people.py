from accounts.audit import Action, do_record
from accounts.models import User


def record_about(user: User, actor: str, action: Action) -> None:
    """What a command did to a person's account, in the log of each of their teams."""
    for team in list(user.teams.all()) or [None]:
        do_record(actor, action, team, target=user.email)
