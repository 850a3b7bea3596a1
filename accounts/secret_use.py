from django.db import transaction
from django.utils.timezone import now

from accounts.audit import Action, do_record
from accounts.key_use import do_count_secret
from accounts.models import Site


@transaction.atomic
def do_note_secret(site_id: int, requests: int) -> None:
    """So many requests came with an ingest secret of the site; the first use is recorded."""
    site = Site.objects.select_related("team").filter(pk=site_id).first()
    if site is None:
        return
    do_count_secret(site_id, requests)
    first = Site.objects.filter(pk=site_id, ingest_secret_used_at=None).update(ingest_secret_used_at=now())
    if first:
        do_record("ingest secret", Action.SECRET_FIRST_USED, site.team, site, target=site.domain)
    else:
        Site.objects.filter(pk=site_id).update(ingest_secret_used_at=now())
