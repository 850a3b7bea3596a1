from accounts.audit import Action, do_record
from accounts.models import Team, User


def record_about(user: User, actor: str, action: Action) -> None:
    """What a command did to a person's account, in the log of each of their teams."""
    teams: list[Team | None] = list(user.teams.all())
    for team in teams or [None]:
        do_record(actor, action, team, target=user.email)
