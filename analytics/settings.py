"""Every setting, from the environment. With none set, all of Footfall runs embedded in ./data."""

import os
import secrets
import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


def env_str(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def env_int(name: str, default: int, least: int = 0) -> int:
    raw = env_str(name)
    if not raw:
        return default
    if not raw.isdigit() or int(raw) < least:
        raise ImproperlyConfigured(f"{name} must be a whole number of at least {least}, got {raw!r}.")
    return int(raw)


def env_bool(name: str, default: bool) -> bool:
    raw = env_str(name).lower()
    if raw in ("", "1", "true", "yes", "on", "0", "false", "no", "off"):
        return default if not raw else raw in ("1", "true", "yes", "on")
    raise ImproperlyConfigured(f"{name} must be true or false, got {raw!r}.")


def env_list(name: str) -> list[str]:
    return [part.strip() for part in env_str(name).split(",") if part.strip()]


def env_url(name: str, schemes: tuple[str, ...]) -> str:
    raw = env_str(name)
    if raw and urlsplit(raw).scheme not in schemes:
        raise ImproperlyConfigured(f"{name} must start with {' or '.join(s + '://' for s in schemes)}, got {raw!r}.")
    return raw


def kept_secret(path: Path) -> str:
    """The secret in `path`; made there with mode 0600 the first time."""
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was faster
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"The data folder {path.parent} cannot be written ({error.strerror}). "
            "Set FOOTFALL_DATA_DIR to a folder that this user may write to."
        ) from None
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


# Where it runs
HOST = env_str("HOST", "127.0.0.1")
PORT = env_int("PORT", 8000, least=1)
DATA_DIR = Path(env_str("FOOTFALL_DATA_DIR", str(BASE_DIR / "data"))).resolve()
WEB_WORKERS = env_int("WEB_WORKERS", 2, least=1)
WORKER_THREADS = env_int("WORKER_THREADS", 6, least=2)
BASE_URL = env_str("BASE_URL").rstrip("/")
DEBUG = env_bool("DEBUG", False)
SECRET_KEY = env_str("SECRET_KEY") or kept_secret(DATA_DIR / "secret_key")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS") or ["*"]
# The proxies whose X-Forwarded-For, -Proto and -Host are believed, as addresses or networks.
TRUSTED_PROXIES = env_list("TRUSTED_PROXIES")

# Stores: each one embedded unless its URL is given
DATABASE_URL = env_url("DATABASE_URL", ("postgres", "postgresql", "sqlite"))
CLICKHOUSE_URL = env_url("CLICKHOUSE_URL", ("clickhouse", "clickhouses"))
CLICKHOUSE_READER_URL = env_url("CLICKHOUSE_READER_URL", ("clickhouse", "clickhouses"))
CLICKHOUSE_DATABASE = env_str("CLICKHOUSE_DATABASE", "footfall")
REDIS_URL = env_url("REDIS_URL", ("redis", "rediss", "unix"))
REDIS_PREFIX = env_str("REDIS_PREFIX", "ff")
VALKEY_SOCKET = DATA_DIR / "valkey" / "valkey.sock"
BUFFER_URL = REDIS_URL or f"unix://{VALKEY_SOCKET}"

# The way of an event
INGEST_PARTITIONS = env_int("INGEST_PARTITIONS", 2, least=1)
RETENTION_DAYS = env_int("RETENTION_DAYS", 1095, least=1)
GEO_DATABASE = env_str("GEO_DATABASE", str(BASE_DIR / "static" / "build" / "geo" / "country.mmdb"))

AUDIT_DAYS = env_int("AUDIT_DAYS", 730, least=1)
UPGRADE_BACKUP = env_bool("UPGRADE_BACKUP", True)  # before `migrate` changes what is there
API_RATE = env_int("API_RATE", 600, least=1)  # requests a minute and key

# Mail: the console unless EMAIL_URL names an SMTP server, as in smtp://user:password@host:587?tls=1
EMAIL_URL = env_url("EMAIL_URL", ("smtp", "smtps"))
DEFAULT_FROM_EMAIL = env_str("EMAIL_FROM", "Footfall <footfall@localhost>")
_mail = urlsplit(EMAIL_URL)
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend" if EMAIL_URL else "accounts.logs.Printed"
EMAIL_HOST = _mail.hostname or "localhost"
EMAIL_PORT = _mail.port or (465 if _mail.scheme == "smtps" else 25)
EMAIL_HOST_USER = _mail.username or ""
EMAIL_HOST_PASSWORD = _mail.password or ""
EMAIL_USE_SSL = _mail.scheme == "smtps"
EMAIL_USE_TLS = "tls=1" in _mail.query
EMAIL_TIMEOUT = 15

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "allauth.account",
    "allauth.mfa",
    "accounts",
    "analytics.services",
    "analytics.clickhouse",
    "analytics.queries",
    "analytics.saved",
    "analytics.privacy",
    "analytics.api",
    "ingestion",
    "dashboards",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "accounts.middleware.ContentSecurityPolicy",
    "accounts.middleware.Compressed",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.NoNulls",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.limits.AnonymousLimits",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.Doors",
]
ROOT_URLCONF = "analytics.urls"
WSGI_APPLICATION = "analytics.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.shell",
            ],
        },
    },
]


def database(url: str) -> dict[str, object]:
    if url:
        told = dict(parse_qsl(urlsplit(url).query))
        if "sslrootcert" in told and told.get("sslmode") not in ("verify-ca", "verify-full"):
            raise ImproperlyConfigured(
                "DATABASE_URL names sslrootcert, which is asked only with sslmode=verify-full (or verify-ca): add it."
            )
        try:
            return dict(dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True))
        except (ValueError, dj_database_url.UnknownSchemeError) as error:
            raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {error}.") from None
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "footfall.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            # secure_delete: a destroyed salt or an erased person must not stay readable in freed pages
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
        },
    }


DATABASES = {"default": database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": BUFFER_URL,
        "KEY_PREFIX": f"{REDIS_PREFIX}:cache",
    }
}

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator")
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "accounts.passwords.Breached"},
    {"NAME": "accounts.passwords.OfThisPlace"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "sites"
SESSION_COOKIE_NAME = "footfall_session"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_ENGINE = "django.contrib.sessions.backends.db"
CSRF_COOKIE_NAME = "footfall_csrf"
CSRF_COOKIE_HTTPONLY = True
MFA_ADAPTER = "accounts.factor_adapter.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # a code of the half minute before or after
MFA_RECOVERY_CODE_DIGITS = 10

# Single sign-on by OpenID Connect: off without OIDC_ISSUER
OIDC_ISSUER = env_url("OIDC_ISSUER", ("https", "http")).rstrip("/")
OIDC_CLIENT_ID = env_str("OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = env_str("OIDC_CLIENT_SECRET")
OIDC_NAME = env_str("OIDC_NAME", "single sign-on")
OIDC_SCOPES = env_str("OIDC_SCOPES", "openid email profile")
OIDC_GROUP_CLAIM = env_str("OIDC_GROUP_CLAIM", "groups")
OIDC_ROLES = env_str("OIDC_ROLES")  # group=team-or-*:role, …
if OIDC_ISSUER and not (OIDC_CLIENT_ID and OIDC_ROLES):
    raise ImproperlyConfigured("OIDC_ISSUER needs OIDC_CLIENT_ID and OIDC_ROLES too.")

# The browser's side
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
HTTPS = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
USE_X_FORWARDED_HOST = bool(TRUSTED_PROXIES)
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# Only behind a proxy that is believed is it known how the visitor came. Probes ask from inside.
SECURE_SSL_REDIRECT = HTTPS and bool(TRUSTED_PROXIES)
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
# HSTS for other hosts of the domain (W005) and in the browsers' lists (W021) is not Footfall's to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
CSRF_TRUSTED_ORIGINS = [BASE_URL] if BASE_URL else []

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static" / "build" / "collected"
STATICFILES_DIRS = [BASE_DIR / "static" / "dist"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 3600
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
MEDIA_ROOT = DATA_DIR / "files"

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["analytics.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["analytics.api.parsers.WholeJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "analytics.api.errors.api_error",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Footfall API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": ["ingestion.openapi.put_events", "analytics.api.sections.put_tags"],
}

LOG_LEVEL = env_str("LOG_LEVEL", "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "accounts.logs.Formatter", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "stream": sys.stderr}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
        "clickhouse_driver": {"level": "CRITICAL"},  # it logs a traceback per failed connect; StoreError says it once
    },
}
