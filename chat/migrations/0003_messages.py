import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0002_presence"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "room", "last_number", models.PositiveBigIntegerField(default=0, editable=False)
        ),
        migrations.CreateModel(
            "Message",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveBigIntegerField()),
                ("author", models.CharField(max_length=150)),
                ("message", models.TextField()),
                ("message2", models.TextField()),
                ("client_id", models.CharField(max_length=64, null=True)),
                ("said_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="chat.room"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("room", "number"), name="one_number_each"),
                    models.UniqueConstraint(
                        fields=("client_id", "account", "room"), name="stored_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("author", "")),
                        fields=("client_id", "room"),
                        name="stored_once_by_guests",
                    ),
                ],
            },
        ),
    ]
