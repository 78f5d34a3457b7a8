from django.db import migrations, models

from chat.models import new_mark


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0003_messages"),
    ]

    operations = [
        migrations.AddField(
            "room", "mark", models.CharField(default="", editable=False, max_length=16)
        ),
        migrations.AddField("message", "mark", models.CharField(default=new_mark, max_length=16)),
        migrations.AddField("message", "follows", models.CharField(default="", max_length=16)),
    ]
