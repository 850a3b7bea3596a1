"""What others have to know of people, without accounts/ knowing them."""

from django.dispatch import Signal

# A person may no longer see some sites: user, site_ids. Sent within the transaction that ends it.
access_ended = Signal()

# A site is another team's now: site_id. Sent within the transaction that moves it.
site_moved = Signal()
