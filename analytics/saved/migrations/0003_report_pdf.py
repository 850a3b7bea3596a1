from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("saved", "0001_initial")]
    operations = [migrations.AddField("report", "pdf", models.BooleanField(default=False))]
