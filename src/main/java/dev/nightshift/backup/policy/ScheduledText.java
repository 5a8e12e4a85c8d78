package dev.nightshift.backup.policy;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import java.io.StringReader;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A policy's schedules as they are stored with it. */
final class ScheduledText {
    private static final String NAME = "name";
    private static final String WORK = "work";
    private static final String CRON = "cron";
    private static final String ZONE = "zone";
    private static final String EXCEPT = "except";
    private static final String FROM = "from";
    private static final String KIT = "kit";
    private static final String PASSPHRASE_FILE = "passphraseFile";
    private static final String RATE = "rateLimitKilobytesPerSecond";

    private ScheduledText() {}

    static String write(List<Scheduled> schedules) {
        var array = Json.createArrayBuilder();
        for (Scheduled each : schedules) {
            var line = Json.createObjectBuilder()
                    .add(NAME, each.name())
                    .add(WORK, each.work().name())
                    .add(CRON, each.cron())
                    .add(ZONE, each.zone())
                    .add(EXCEPT, Json.createArrayBuilder(each.except()));
            addIfSaid(line, FROM, each.from());
            addIfSaid(line, KIT, each.kit());
            addIfSaid(line, PASSPHRASE_FILE, each.passphraseFile());
            if (each.rateLimitKilobytesPerSecond() != null) {
                line.add(RATE, each.rateLimitKilobytesPerSecond());
            }
            array.add(line);
        }
        return array.build().toString();
    }

    private static void addIfSaid(JsonObjectBuilder line, String name, @Nullable String value) {
        if (value != null) {
            line.add(name, value);
        }
    }

    static List<Scheduled> read(String text) {
        try (var reader = Json.createReader(new StringReader(text))) {
            return reader.readArray().getValuesAs(JsonObject.class).stream()
                    .map(each -> new Scheduled(
                            each.getString(NAME),
                            Work.valueOf(each.getString(WORK)),
                            each.getString(CRON),
                            each.getString(ZONE),
                            each.getJsonArray(EXCEPT).getValuesAs(JsonString.class).stream()
                                    .map(JsonString::getString)
                                    .toList(),
                            each.getString(FROM, null), // lines of before have none of the four
                            each.getString(KIT, null),
                            each.getString(PASSPHRASE_FILE, null),
                            each.containsKey(RATE) ? each.getInt(RATE) : null))
                    .toList();
        }
    }
}
