package dev.nightshift.testing;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** The support bundle of a running product, unpacked. */
public final class SupportZip {
    private SupportZip() {}

    /** Its files' texts by their names. */
    public static Map<String, String> of(Nightshift nightshift) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(nightshift.https().resolve("api/support"))
                .header("Authorization", nightshift.admin().header("Authorization"))
                .build();
        HttpResponse<byte[]> response = Api.client().send(request, HttpResponse.BodyHandlers.ofByteArray());
        if (response.statusCode() != 200) {
            throw new AssertionError(response.statusCode() + " " + new String(response.body(), StandardCharsets.UTF_8));
        }
        Map<String, String> files = new TreeMap<>();
        try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(response.body()))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                files.put(entry.getName(), new String(zip.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        return files;
    }
}
