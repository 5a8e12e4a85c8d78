package dev.nightshift.runtime.support;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The newest lines of a log. */
final class LogEnd {
    private LogEnd() {}

    /** So many bytes at most, from the beginning of a line on; a word about it where there is no such file. */
    static String of(Path log, int most) throws IOException {
        if (!Files.isReadable(log)) {
            return "There is no log at this place.\n";
        }
        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
            long length = file.length();
            long start = Math.max(0, length - most);
            byte[] bytes = new byte[(int) (length - start)];
            file.seek(start);
            file.readFully(bytes);
            String text = new String(bytes, StandardCharsets.UTF_8);
            return start == 0 ? text : text.substring(text.indexOf('\n') + 1);
        }
    }
}
