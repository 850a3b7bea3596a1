import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("saved", "0001_initial")]

    operations = [
        migrations.AddField(
            "spend", "currency", models.CharField(blank=True, default="", max_length=3), preserve_default=False
        ),
        migrations.CreateModel(
            name="ExchangeRate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(max_length=3)),
                ("day", models.DateField()),
                ("rate", models.DecimalField(decimal_places=10, max_digits=18)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="exchange_rates", to="accounts.site"
                    ),
                ),
            ],
            options={
                "ordering": ["currency", "-day"],
                "constraints": [models.UniqueConstraint(fields=("site", "currency", "day"), name="one_rate_a_day")],
            },
        ),
    ]
