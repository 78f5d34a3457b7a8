import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0002_presence"),
    ]

    operations = [
        migrations.AddField(
            model_name="room",
            name="last_number",
            field=models.PositiveBigIntegerField(default=0, editable=False),
        ),
        migrations.CreateModel(
            name="Message",
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
                    "room",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="chat.room"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("room", "number"), name="one_number_each"),
                    models.UniqueConstraint(
                        fields=("client_id", "author", "room"), name="stored_once"
                    ),
                ],
            },
        ),
    ]
