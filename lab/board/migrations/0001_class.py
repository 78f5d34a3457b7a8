"""The tables of the board's first version."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    operations = [
        migrations.CreateModel(
            name="Hint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField()),
                ("lesson", models.CharField(blank=True, max_length=50)),
                ("mistake", models.CharField(blank=True, max_length=50)),
                ("at", models.FloatField()),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="Learner",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("nickname", models.CharField(max_length=24)),
                ("folded", models.CharField(max_length=100, unique=True)),
                ("key", models.CharField(max_length=64, unique=True)),
                ("last_number", models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("lesson", models.CharField(max_length=50)),
                ("kind", models.CharField(max_length=10)),
                ("name", models.CharField(blank=True, max_length=50)),
                ("outcome", models.CharField(blank=True, max_length=10)),
                ("at", models.FloatField()),
                (
                    "learner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="board.learner"
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("arrived", models.BooleanField(default=False)),
                (
                    "hint",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="board.hint"),
                ),
                (
                    "learner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="board.learner"
                    ),
                ),
            ],
            options={
                "ordering": ("hint",),
            },
        ),
    ]
