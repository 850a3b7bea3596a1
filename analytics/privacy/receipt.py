"""The signed receipt of an erasure: what was done and when, and nothing of whom. Ed25519, the key kept in the data folder."""

import base64
import json
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from analytics.privacy.models import PrivacyRequest

RAW, NO_CODE = (forms.Encoding.Raw, forms.PublicFormat.Raw), forms.NoEncryption()


def get_key() -> Ed25519PrivateKey:
    """Made the first time."""
    path = Path(settings.DATA_DIR) / "privacy_key"
    if not path.exists():
        made = Ed25519PrivateKey.generate().private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, NO_CODE)
        draft = path.with_name(f"privacy_key.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_bytes(made)
        try:
            os.link(draft, path)
        except FileExistsError:  # another process was faster
            pass
        finally:
            draft.unlink()
    key = forms.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    return key


def public_text(key: Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes(*RAW)).decode()


def canonical(told: dict[str, Any]) -> bytes:
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def make_receipt(job: PrivacyRequest) -> dict[str, Any]:
    assert job.started_at and job.finished_at
    told = {
        "version": 1,
        "request": str(job.number),
        "site": job.site.domain,
        "kind": job.kind,
        "asked_at": job.created_at.isoformat(timespec="seconds"),
        "due_at": job.due_at.isoformat(timespec="seconds"),
        "finished_at": job.finished_at.isoformat(timespec="seconds"),
        "storages": {
            step["name"].removeprefix("erase:"): {"erased": step["found"], "left": step["left"]}
            for step in job.steps
            if step["name"].startswith("erase:")
        },
        "removed_from_disk": True,
    }
    key = get_key()
    signature = base64.b64encode(key.sign(canonical(told))).decode()
    return {"receipt": told, "public_key": public_text(key.public_key()), "signature": signature}


def check_receipt(text: str, public_key: str = "") -> dict[str, Any]:
    """What it says. `public_key`: of the server that made it; "" for this one. Raises ValueError where it is not genuine."""
    wanted = public_key or public_text(get_key().public_key())
    try:
        found = json.loads(text)
        told, signature = found["receipt"], base64.b64decode(found["signature"], validate=True)
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(wanted, validate=True))
    except (KeyError, TypeError, ValueError):
        raise ValueError("This is no receipt.") from None
    try:
        key.verify(signature, canonical(told))
    except InvalidSignature:
        raise ValueError("The signature does not fit: it was changed, or another server made it.") from None
    checked: dict[str, Any] = told
    return checked
