from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("saved", "0002_exchange_rates")]
    operations = [migrations.AddField("report", "pdf", models.BooleanField(default=False))]
