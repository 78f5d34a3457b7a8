from django.db import migrations, models


class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel(
            name="Room",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=100, unique=True, verbose_name="title")),
                ("open_to_guests", models.BooleanField(default=False)),
            ],
            options={"ordering": ["title"]},
        ),
    ]
