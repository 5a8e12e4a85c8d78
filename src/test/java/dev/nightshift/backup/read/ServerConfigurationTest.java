package dev.nightshift.backup.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServerConfigurationTest {
    @Test
    void whatWasGivenIsWrittenAgainAndWhatBelongsToTheMachineIsAComment() {
        assertEquals("""
                # The source's settings, as Nightshift saved them with the backup.
                hba_file = '/srv/x-configuration/pg_hba.conf'
                ident_file = '/srv/x-configuration/pg_ident.conf'
                # of the source's machine: listen_addresses = '10.0.0.7'
                log_line_prefix = '%m ''q'' \\\\d '
                my.setting = 'x'
                """, ServerConfiguration.settings(saved("""
                        [{"name": "listen_addresses", "setting": "10.0.0.7", "source": "configuration file"},
                         {"name": "log_line_prefix", "setting": "%m 'q' \\\\d ", "source": "command line"},
                         {"name": "my.setting", "setting": "x", "source": "configuration file"},
                         {"name": "bad\\nname", "setting": "x", "source": "configuration file"},
                         {"name": "work_mem", "setting": "64", "source": "user"}]
                        """), Path.of("/srv/x-configuration")));
    }

    @Test
    void accessRulesKeepTheirOrderAndTheirOptions() {
        assertEquals("""
                # The source's rules, as Nightshift saved them with the backup.
                local all postgres peer map=admins
                hostssl shop,"Idle DB" +app 10.0.0.0 255.0.0.0 cert "clientname=a b"
                """, ServerConfiguration.rules(saved("""
                        [{"type": "local", "database": ["all"], "user": ["postgres"], "address": null, "netmask": null,
                          "method": "peer", "options": ["map=admins"]},
                         {"type": null, "database": null, "user": null, "method": null},
                         {"type": "hostssl", "database": ["shop", "Idle DB"], "user": ["+app"], "address": "10.0.0.0",
                          "netmask": "255.0.0.0", "method": "cert", "options": ["clientname=a b"]}]
                        """)));
        assertEquals("admins root postgres\n", ServerConfiguration.maps(saved("""
                        [{"map": "admins", "system": "root", "role": "postgres"}]
                        """)));
        assertTrue(ServerConfiguration.rules(List.of()).contains("host all all 127.0.0.1/32 scram-sha-256\n"));
    }

    private static List<JsonObject> saved(String json) {
        try (var reader = Json.createReader(new StringReader(json))) {
            return reader.readArray().getValuesAs(JsonObject.class);
        }
    }
}
