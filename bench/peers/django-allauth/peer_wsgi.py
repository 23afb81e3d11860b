"""What gunicorn serves; run as a program, it makes the tables and registers USERS users."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "peer_settings")
application = get_wsgi_application()


def prepare(count):
    """Make the tables, and register this many users with a verified address each."""
    from allauth.account.models import EmailAddress
    from django.contrib.auth.models import User
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    users = User.objects.bulk_create(
        [User(username=f"u{number}", email=f"u{number}@bench.example", password="!") for number in range(count)],
        batch_size=5_000,
    )
    EmailAddress.objects.bulk_create(
        [EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users], batch_size=5_000
    )


if __name__ == "__main__":
    prepare(int(os.environ["USERS"]))
