import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def give_accounts(apps, schema_editor):
    """A message is of the account that had its author's name when it was said."""
    accounts = apps.get_model(settings.AUTH_USER_MODEL).objects.filter(
        username=models.OuterRef("author"), date_joined__lte=models.OuterRef("said_at")
    )
    messages = apps.get_model("chat", "Message").objects
    messages.update(account=models.Subquery(accounts.values("pk")))


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("chat", "0003_messages"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="account",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RemoveConstraint(model_name="message", name="stored_once"),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                fields=("client_id", "account", "room"), name="stored_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                condition=models.Q(("author", "")),
                fields=("client_id", "room"),
                name="stored_once_by_guests",
            ),
        ),
        migrations.RunPython(give_accounts, migrations.RunPython.noop),
    ]
